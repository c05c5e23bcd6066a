import { Button, Group, Progress, Stack, Text } from '@mantine/core'
import { t } from '../i18n/index.ts'
import { useLibrary } from '../state/library.ts'
import { cancelExport, useExport } from './useExport.ts'

export function ExportProgress() {
  const phase = useExport((state) => state.phase)
  const jobs = useLibrary((state) => state.jobs)
  const written = phase.name === 'writing' ? jobs[phase.job] : undefined
  const { done, total } = phase.name === 'drawing' ? phase : (written ?? { done: 0, total: 0 })
  const words =
    phase.name === 'drawing'
      ? t('export.drawing', { done, total })
      : phase.name === 'writing' && phase.cancelling
        ? t('export.cancelling')
        : t('export.writing')
  return (
    <Stack role="status">
      <Text>{words}</Text>
      <Progress
        value={total > 0 ? (100 * done) / total : 100}
        animated={total === 0}
        aria-label={t('export.progress')}
      />
      <Group justify="flex-end">
        <Button
          variant="default"
          data-autofocus
          disabled={phase.name === 'writing' && phase.cancelling}
          onClick={() => cancelExport()}
        >
          {t('dialog.cancel')}
        </Button>
      </Group>
    </Stack>
  )
}
