import { Button, Code, CopyButton, Group, Modal, Stack, Text } from '@mantine/core'
import { create } from 'zustand'
import type { ErrorRecord } from '../../preload/records.ts'
import { t } from '../i18n/index.ts'
import { useLibrary } from '../state/library.ts'
import { bugReport } from './bugReport.ts'

interface Shown {
  title: string
  error: ErrorRecord
}

const useDetails = create<{ shown: Shown | null }>(() => ({ shown: null }))

/** Opens what a bug report needs to say of an error. */
export const showDetails = (shown: Shown): void => useDetails.setState({ shown })

export function DetailsDialog() {
  const shown = useDetails((state) => state.shown)
  const info = useLibrary((state) => state.info)
  if (!shown) return null
  const report = bugReport(shown.title, shown.error, info)
  return (
    <Modal
      opened
      onClose={() => useDetails.setState({ shown: null })}
      title={shown.title}
      size="lg"
      closeButtonProps={{ 'aria-label': t('dialog.close') }}
    >
      <Stack>
        <Text>{shown.error.message}</Text>
        <Text c="dimmed">{t('details.hint')}</Text>
        <Code block mah="40vh" style={{ overflow: 'auto' }} tabIndex={0} aria-label={t('details.text')}>
          {report}
        </Code>
        <Group justify="flex-end">
          <CopyButton value={report}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy}>
                {copied ? t('copy.done') : t('copy.report')}
              </Button>
            )}
          </CopyButton>
        </Group>
      </Stack>
    </Modal>
  )
}
