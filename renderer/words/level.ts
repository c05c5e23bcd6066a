import { t } from '../i18n/index.ts'

/** An anomaly level in the reader's words; main's `formatLevel` says the same in files and on the command line. */

const counts = new Intl.NumberFormat('en-US')

/** `1 in 1,000`, where what is counted is said beside it; null for what lies below all levels. */
export function rarityWords(level: number | null): string {
  if (level === null || level < 50) return t('level.common')
  if (level >= 100) return t('level.beyond')
  return t('level.oneIn', { rarity: oneIn(level) })
}

/** `1 in 1,000 normal voxels`, where it stands alone. */
export function levelWords(level: number | null): string {
  if (level === null || level < 50) return t('level.full.common')
  if (level >= 100) return t('level.full.beyond')
  return t('level.full.oneIn', { rarity: oneIn(level) })
}

/** To two significant digits: a calibration's tail is not known better. */
function oneIn(level: number): string {
  return counts.format(Number((100 / (100 - level)).toPrecision(2)))
}
