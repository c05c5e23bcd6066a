import { Text } from '@mantine/core'
import type { SeriesEntry } from '../../preload/records.ts'
import { call } from '../api/index.ts'
import { t } from '../i18n/index.ts'
import { RemovalDialog } from '../shell/RemovalDialog.tsx'
import { closeSession, useSession } from '../state/session.ts'
import { seriesName } from './words.ts'

/** Asks before series leave the library: their runs and what the reader said of the findings go with them. */
export function RemoveDialog({ series, onClose }: { series: readonly SeriesEntry[]; onClose: () => void }) {
  if (series.length === 0) return null
  const remove = async () => {
    for (const { id } of series) {
      if (useSession.getState().seriesId === id) closeSession()
      await call('library.remove', { seriesId: id })
    }
  }
  return (
    <RemovalDialog
      title={t('remove.title', { count: series.length })}
      confirm={t('remove.do')}
      failed={t('remove.failed')}
      remove={remove}
      onClose={onClose}
    >
      <Text>
        {series.length === 1
          ? t('remove.one', { name: seriesName(series[0]) })
          : t('remove.several', { count: series.length })}
      </Text>
      <Text>{t('remove.filesStay')}</Text>
    </RemovalDialog>
  )
}
