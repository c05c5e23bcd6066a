import { t } from '../i18n/index.ts'
import { type ColourMap, useOverlay } from '../state/overlay.ts'
import { colourAt } from '../viewer/render/colourMaps.ts'
import { rarityWords } from '../words/level.ts'
import classes from './overlay.module.css'

const STOPS = 16

/** CSS gradient of a part of a map, 0–1. */
export function gradient(map: ColourMap, from = 0, to = 1): string {
  const stops = Array.from({ length: STOPS }, (_, i) => {
    const [r, g, b] = colourAt(map, from + ((to - from) * i) / (STOPS - 1))
    return `rgb(${Math.round(r)} ${Math.round(g)} ${Math.round(b)})`
  })
  return `linear-gradient(to right, ${stops.join(', ')})`
}

/** What the colours on the image mean: from the threshold to the highest level, in rarity among normal voxels. */
export function ColourBar() {
  const { steps, step, colourMap } = useOverlay()
  if (!steps) return null
  const last = steps.level.length
  const from = rarityWords(steps.level[step - 1])
  const to = rarityWords(steps.level[last - 1])
  const first = (step - 1) / Math.max(1, last - 1)
  return (
    <div className={classes.colourBar} role="img" aria-label={t('overlay.bar', { from, to })}>
      <div className={classes.bar} style={{ background: gradient(colourMap, first, 1) }} />
      <div className={classes.barEnds} aria-hidden>
        <span>{from}</span>
        <span>{t('overlay.bar.unit')}</span>
        <span>{to}</span>
      </div>
    </div>
  )
}
