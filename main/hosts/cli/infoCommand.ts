import type { ReaderInput, SeriesSeen } from '../../reading/client.ts'
import type { CommandContext } from './execute.ts'
import { reportText } from './infoText.ts'

/** `info INPUT…`: what was read, without screening it. Returns the report, for --json. */
export async function infoCommand(input: ReaderInput, { print, reader, reporter, signal }: CommandContext) {
  const report = await reader.describe(input, {
    signal,
    onProgress: (progress) => reporter.onProgress({ ...progress, secondsLeft: null }),
    ...(process.stderr.isTTY ? { onSeries: seriesAnnouncer(reporter.say) } : {}),
  })
  print(reportText(report))
  return report
}

/** A report that comes sooner than this needs no announcement. */
const ANNOUNCED_AFTER_MS = 1000

/**
 * Says of each series once that it was found, with their number so far: what to look at while thousands of files on a
 * slow medium are looked through.
 */
export function seriesAnnouncer(
  say: (text: string) => void,
  afterMs = ANNOUNCED_AFTER_MS,
): (series: SeriesSeen) => void {
  const started = performance.now()
  const found = new Set<string>()
  let waiting: string[] = []
  return ({ seriesInstanceUid, modality, seriesNumber, seriesDescription }) => {
    if (!found.has(seriesInstanceUid)) {
      found.add(seriesInstanceUid)
      const words = [modality, seriesNumber && `series ${seriesNumber}`, seriesDescription]
      waiting.push(`  ${found.size}. ${words.filter(Boolean).join(' ')}`.replace(/\p{Cc}+/gu, ' '))
    }
    if (waiting.length === 0 || performance.now() - started < afterMs) return
    say(waiting.join('\n'))
    waiting = []
  }
}
