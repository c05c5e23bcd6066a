import { Alert, Button, Code, CopyButton, Group, Stack, Table, Text } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react'
import type { ExportResult } from '../../preload/records.ts'
import { call } from '../api/index.ts'
import { t } from '../i18n/index.ts'
import { bytesWords } from '../library/words.ts'
import { closeDialog } from '../shell/dialogs.ts'
import { trying } from '../shell/notify.tsx'
import { useLibrary } from '../state/library.ts'
import { mainWords } from '../words/main.ts'
import { backToChoosing } from './useExport.ts'

/** What was written, and where it lies. */
export function ExportWritten({ result }: { result: ExportResult }) {
  const canShow = useLibrary((state) => state.info?.canShowInFolder ?? false)
  const { files, findings, path, folder, warnings } = result
  const size = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return (
    <Stack>
      <Group gap="xs" role="status" wrap="nowrap">
        <IconCircleCheck size={18} color="var(--good)" aria-hidden />
        <Text fw={600}>
          {t('export.written', { count: findings })}{' '}
          {t('export.writtenFiles', { count: files.length, size: bytesWords(size) })}
        </Text>
      </Group>
      <Group gap="xs" wrap="nowrap">
        <Code style={{ flex: 1, overflowWrap: 'anywhere' }}>{path}</Code>
        {canShow ? (
          <Button
            variant="default"
            onClick={() =>
              trying(t('export.showFailed'), () => call('files.show', { handle: folder.handle }))
            }
          >
            {t('export.show')}
          </Button>
        ) : null}
        <CopyButton value={path}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {copied ? t('copy.done') : t('copy.path')}
            </Button>
          )}
        </CopyButton>
      </Group>
      {warnings.map((warning) => (
        <Alert
          key={warning.code + warning.message}
          color="yellow"
          icon={<IconAlertTriangle size={16} aria-hidden />}
          p="xs"
        >
          {mainWords(warning)}
        </Alert>
      ))}
      <Table verticalSpacing={2} fz="xs" aria-label={t('export.files')}>
        <Table.Tbody>
          {files.map(({ name, sizeBytes }) => (
            <Table.Tr key={name}>
              <Table.Td>{name}</Table.Td>
              <Table.Td ta="right">{bytesWords(sizeBytes)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Group justify="flex-end">
        <Button variant="default" onClick={backToChoosing}>
          {t('export.another')}
        </Button>
        <Button onClick={closeDialog} data-autofocus>
          {t('dialog.done')}
        </Button>
      </Group>
    </Stack>
  )
}
