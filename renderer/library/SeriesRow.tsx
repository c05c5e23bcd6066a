import { Tooltip, VisuallyHidden } from '@mantine/core'
import {
  IconAlertTriangle,
  IconCircle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconLoader2,
  IconPhoto,
  IconScan,
} from '@tabler/icons-react'
import type { RunEntry, SeriesEntry } from '../../preload/records.ts'
import { t } from '../i18n/index.ts'
import { percentOf } from '../runs/runWords.ts'
import { mainWords } from '../words/main.ts'
import css from './library.module.css'
import { type SeriesStatus, seriesStatus } from './seriesStatus.ts'
import { dimsWords, seriesName, sliceDistanceWords, spacingWords } from './words.ts'

const ICONS: Record<SeriesStatus, typeof IconCircle> = {
  new: IconCircle,
  screened: IconScan,
  reviewed: IconCircleCheck,
  queued: IconCircleDashed,
  running: IconLoader2,
  failed: IconCircleX,
}

function StateChip({ series, runs }: { series: SeriesEntry; runs: readonly RunEntry[] }) {
  const { status, run } = seriesStatus(series, runs)
  const Icon = ICONS[status]
  const percent = status === 'running' && run ? percentOf(run) : null
  return (
    <span className={css.chip} data-state={status}>
      <Icon size={13} stroke={2} aria-hidden />
      {percent === null ? t(`state.${status}`) : t('state.runningPercent', { percent })}
    </span>
  )
}

/** All that is doubtful about a series, for the tooltip. */
function doubts({ reason, warnings }: SeriesEntry): string {
  return [...(reason ? [reason] : []), ...warnings].map(mainWords).join('\n')
}

export function SeriesRow({ series, runs }: { series: SeriesEntry; runs: readonly RunEntry[] }) {
  const doubt = doubts(series)
  // One file may hold all slices, as a NIfTI does.
  const slices = series.dims?.[2] ?? series.imageCount
  const size = [slices > 0 && t('library.slices', { count: slices }), sliceDistanceWords(series)]
  return (
    <>
      {series.thumbnailUrl ? (
        <img className={css.thumbnail} src={series.thumbnailUrl} alt="" draggable={false} />
      ) : (
        <div className={css.thumbnail}>
          <IconPhoto size={20} stroke={1.3} aria-hidden />
        </div>
      )}
      <div className={css.facts}>
        <div className={css.name}>{seriesName(series)}</div>
        <div
          className={css.line}
          title={[dimsWords(series), spacingWords(series)].filter(Boolean).join(' · ')}
        >
          {size.filter(Boolean).join(' · ')}
        </div>
        <div className={css.line}>
          {series.canScreen || series.state !== 'new' ? <StateChip series={series} runs={runs} /> : null}
          {doubt ? (
            <Tooltip label={doubt} w={320} style={{ whiteSpace: 'pre-line' }}>
              <span className={css.warn}>
                <IconAlertTriangle size={13} stroke={2} aria-hidden />
                {series.canScreen
                  ? t('library.warnings', { count: series.warnings.length })
                  : t('library.cannotScreen')}
                <VisuallyHidden>{doubt}</VisuallyHidden>
              </span>
            </Tooltip>
          ) : null}
        </div>
      </div>
    </>
  )
}
