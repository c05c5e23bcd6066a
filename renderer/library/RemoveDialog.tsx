import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import type { SeriesEntry } from '../../preload/records.ts'
import { call } from '../api/index.ts'
import { t } from '../i18n/index.ts'
import { trying } from '../shell/notify.tsx'
import { closeSession, useSession } from '../state/session.ts'
import { seriesName } from './words.ts'

/** Asks before series leave the library: their runs and what the reader said of the findings go with them. */
export function RemoveDialog({ series, onClose }: { series: readonly SeriesEntry[]; onClose: () => void }) {
  const [busy, setBusy] = useState(false)
  if (series.length === 0) return null
  const remove = async () => {
    setBusy(true)
    await trying(t('remove.failed'), async () => {
      for (const { id } of series) {
        if (useSession.getState().seriesId === id) closeSession()
        await call('library.remove', { seriesId: id })
      }
    })
    setBusy(false)
    onClose()
  }
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('remove.title', { count: series.length })}
      closeButtonProps={{ 'aria-label': t('dialog.close') }}
    >
      <Stack>
        <Text>
          {series.length === 1
            ? t('remove.one', { name: seriesName(series[0]) })
            : t('remove.several', { count: series.length })}
        </Text>
        <Text>{t('remove.filesStay')}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t('dialog.cancel')}
          </Button>
          <Button color="red" onClick={remove} loading={busy}>
            {t('remove.do')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
