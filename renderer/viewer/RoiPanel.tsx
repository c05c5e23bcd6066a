import { ActionIcon, CloseButton } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { useSession } from '../state/session.ts'
import { statisticsOf } from './measure/layer.ts'
import type { RoiStatistics } from './measure/statistics.ts'
import { deleteSelected, select, useMeasurements } from './measure/store.ts'
import css from './viewer.module.css'

const WIDTH_PX = 200
const HEIGHT_PX = 56

/** Numbers and histogram of the selected region of interest. */
export function RoiPanel() {
  const { t } = useTranslation()
  const seriesId = useSession((s) => s.seriesId)
  const measurement = useMeasurements((s) => s.all.find((one) => one.id === s.selectedId))
  if (!measurement || measurement.seriesId !== seriesId) return null
  const { kind } = measurement
  if (kind !== 'ellipse' && kind !== 'rectangle') return null
  const statistics = statisticsOf(measurement)
  if (!statistics) return null
  const rows = [
    ['mean', t('unit.hu', { value: statistics.meanHu.toFixed(1) })],
    ['sd', t('unit.hu', { value: statistics.sdHu.toFixed(1) })],
    ['min', t('unit.hu', { value: statistics.minHu })],
    ['max', t('unit.hu', { value: statistics.maxHu })],
    ['area', t('unit.mm2', { value: statistics.areaMm2.toFixed(statistics.areaMm2 < 100 ? 1 : 0) })],
    ['voxels', statistics.samples.toLocaleString('en-US')],
  ] as const
  return (
    <section className={css.roi} aria-label={t(`measure.${kind}`)}>
      <header>
        <b>{t(`measure.${kind}`)}</b>
        <ActionIcon size="xs" variant="subtle" aria-label={t('measure.delete')} onClick={deleteSelected}>
          <IconTrash size={13} />
        </ActionIcon>
        <CloseButton size="xs" aria-label={t('measure.close')} onClick={() => select(null)} />
      </header>
      <dl>
        {rows.map(([key, value]) => (
          <div key={key}>
            <dt>{t(`measure.${key}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Histogram {...statistics.histogram} />
    </section>
  )
}

function Histogram({ fromHu, binHu, counts }: RoiStatistics['histogram']) {
  const { t } = useTranslation()
  const most = Math.max(...counts)
  const mode = fromHu + binHu * (counts.indexOf(most) + 0.5)
  const width = WIDTH_PX / counts.length
  return (
    <figure>
      <svg
        viewBox={`0 0 ${WIDTH_PX} ${HEIGHT_PX}`}
        role="img"
        aria-label={t('measure.histogram', { mode: Math.round(mode) })}
      >
        <title>{t('measure.histogram', { mode: Math.round(mode) })}</title>
        <path
          d={counts
            .map((count, i) => {
              const height = (count / most) * HEIGHT_PX
              return `M${i * width} ${HEIGHT_PX}v${-height}h${Math.max(0.5, width - 0.5)}v${height}z`
            })
            .join('')}
        />
      </svg>
      <figcaption>
        <span>{t('unit.hu', { value: fromHu })}</span>
        <span>{t('unit.hu', { value: fromHu + binHu * counts.length })}</span>
      </figcaption>
    </figure>
  )
}
