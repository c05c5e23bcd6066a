import { Modal, Stack, Text } from '@mantine/core'
import { useEffect, useState } from 'react'
import { create } from 'zustand'
import type { RunDetails as Details } from '../../preload/modelRecords.ts'
import type { RunEntry } from '../../preload/records.ts'
import { call } from '../api/index.ts'
import { t } from '../i18n/index.ts'
import { trying } from '../shell/notify.tsx'
import { useLibrary } from '../state/library.ts'
import { momentWords } from '../words/dates.ts'
import { mainWords } from '../words/main.ts'
import { nameOfDevice } from './deviceWords.ts'
import { deviationWords } from './runDetailsWords.ts'
import css from './runs.module.css'

const useShown = create<{ run: RunEntry | null }>(() => ({ run: null }))

export const showRunDetails = (run: RunEntry): void => useShown.setState({ run })

/** What really computed a result, and the proof that it computed rightly. */
export function RunDetailsDialog() {
  const run = useShown((state) => state.run)
  if (!run) return null
  return (
    <Modal
      opened
      onClose={() => useShown.setState({ run: null })}
      title={t('made.title')}
      size={620}
      closeButtonProps={{ 'aria-label': t('dialog.close') }}
    >
      <Content run={run} />
    </Modal>
  )
}

function Content({ run }: { run: RunEntry }) {
  const devices = useLibrary((state) => state.devices)
  const [details, setDetails] = useState<Details | null>(null)
  useEffect(() => {
    void trying(t('made.failed'), async () => setDetails(await call('runs.details', { runId: run.id })))
  }, [run.id])
  if (!details) return null
  const labelOf = (id: string) => nameOfDevice(devices, id)
  const { device, deviceRequested, threads, partlyOnCpu, patchSize, tiles, warnings } = details
  const seconds = Object.values(details.seconds).reduce((sum, each) => sum + each, 0)
  const facts: [string, string][] = [
    [t('made.model'), `${run.model.title} ${run.model.version}`],
    [t('made.asked'), deviceRequested.split(',').map(labelOf).join(' → ')],
    [
      t('made.device'),
      [
        labelOf(device),
        device === 'cpu' ? t('made.threads', { count: threads }) : '',
        partlyOnCpu ? t('made.partly') : '',
      ]
        .filter(Boolean)
        .join(', '),
    ],
    [t('made.tile'), patchSize ? t('made.tileValue', { size: patchSize.join(' × ') }) : t('made.unknown')],
    [t('made.tiles'), String(tiles)],
    [t('made.deviation'), deviationWords(details)],
    [t('made.seconds'), t('made.secondsValue', { seconds: seconds.toFixed(1) })],
    [t('made.hash'), details.modelHash],
  ]
  return (
    <Stack gap="sm">
      <Text c="dimmed">{momentWords(run.finishedAt ?? run.createdAt)}</Text>
      <dl className={css.facts}>
        {facts.map(([name, text]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
        <dt>{t('made.warnings')}</dt>
        <dd>
          {warnings.length === 0
            ? t('made.none')
            : warnings.map((warning) => <div key={warning.code + warning.message}>{mainWords(warning)}</div>)}
        </dd>
      </dl>
      <Text size="xs" c="dimmed">
        {t('made.deviationHint')}
      </Text>
    </Stack>
  )
}
