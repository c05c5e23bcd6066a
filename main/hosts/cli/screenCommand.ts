import { WorkstationError } from '../../errors.ts'
import type { OutputFormat } from '../../exporting/runRecord.ts'
import type { Finding } from '../../findings/findings.ts'
import { formatLevel } from '../../findings/level.ts'
import { type ScreenRequest, type ScreenResult, screen } from '../../screening/screen.ts'
import type { CommandContext } from './execute.ts'
import { userModels } from './modelStore.ts'
import { type EngineFlags, type FindingFlags, NOTICE } from './options.ts'
import { duration, table, wrap } from './text.ts'

export interface ScreenFlags extends EngineFlags, FindingFlags {
  out: string
  format?: OutputFormat[]
  /** A `SeriesReport.id`. */
  series?: string
}

/** `screen INPUT… --out DIR`: everything from a CT to its findings. Returns the run record with its findings. */
export async function screenCommand(
  input: ScreenRequest['input'],
  flags: ScreenFlags,
  context: CommandContext,
) {
  const result = await screenWith(input, flags, context).catch((error) => {
    throw withSeriesHint(error)
  })
  context.print(describeResult(result))
  return { ...result.run, out: result.out, findings: result.findings }
}

/** Where a series must be named, says how it is done here: the sentence itself is for every host. */
export function withSeriesHint(error: unknown): unknown {
  if (!(error instanceof WorkstationError) || error.code !== 'input/several-series') return error
  const { code, message, detail } = error
  // The ids stand at the beginning of the lines, a volume's number behind '#', which shells take for a comment.
  const [, first = '<id>'] = /^ {2}(\S+)/m.exec(message) ?? []
  return new WorkstationError(code, `${message}\nName it with --series, such as --series '${first}'.`, detail)
}

export async function screenWith(
  input: ScreenRequest['input'],
  flags: ScreenFlags,
  { client, reader, signal, reporter }: CommandContext,
): Promise<ScreenResult> {
  // It loads while the model's files are looked at.
  reader.start()
  const store = userModels()
  const pkg = await store.find(flags.model)
  const { name, version, licence, provenance } = pkg.manifest
  if (!store.isInstalled(pkg))
    reporter.say(wrap(`Model ${name} ${version}, licence ${licence}. ${provenance}`))
  const request = {
    input,
    out: flags.out,
    pkg,
    device: flags.device,
    level: flags.level,
    minVolumeMl: flags.minVolume,
    ...(flags.threads === undefined ? {} : { threads: flags.threads }),
    ...(flags.format ? { formats: flags.format } : {}),
    ...(flags.series ? { seriesInstanceUid: flags.series } : {}),
  }
  return screen(request, {
    client,
    reader,
    signal,
    onProgress: reporter.onProgress,
    onWarning: reporter.onWarning,
    onDevice: reporter.onDevice,
  })
}

/** A table for the terminal; findings.csv has every column. */
export function findingsTable(findings: Finding[]): string {
  const header = [
    '#',
    'volume mL',
    'peak level',
    'rarity',
    'peak score',
    'L mm',
    'P mm',
    'S mm',
    'HU mean ± SD',
  ]
  const rows = findings.map((f) => [
    String(f.number),
    f.volumeMl.toFixed(2),
    f.peakLevel.toFixed(3),
    formatLevel(f.peakLevel),
    f.peakScore.toFixed(2),
    ...f.centreMm.map((mm) => mm.toFixed(0)),
    `${f.huMean.toFixed(0)} ± ${f.huSd.toFixed(0)}`,
  ])
  return table(header, rows)
}

/** More lines than this are read in findings.csv, not on a terminal. */
const FINDINGS_SHOWN = 20

export function describeResult({ run, findings, out }: ScreenResult): string {
  const { level, minVolumeMl } = run.parameters
  const total = Object.values(run.seconds).reduce((sum, s) => sum + s, 0)
  const what = `at anomaly level ${level} (${formatLevel(level)}), ${minVolumeMl} mL or more`
  const lines = [
    '',
    `${findings.length === 0 ? 'No findings' : `${findings.length} finding${findings.length === 1 ? '' : 's'}`} ${what}.`,
  ]
  if (findings.length > 0) lines.push('', findingsTable(findings.slice(0, FINDINGS_SHOWN)))
  if (findings.length > FINDINGS_SHOWN)
    lines.push(`… and ${findings.length - FINDINGS_SHOWN} more in findings.csv.`)
  lines.push(
    '',
    wrap(
      `Level: percentile of normal tissue (100 is rarest). Score: −log q. L, P, S: centre in the patient's left, posterior and superior direction, mm. A finding is rare for the model ${run.model.name} ${run.model.version}, which is not the same as abnormal.`,
    ),
    `${[...run.files.map((file) => file.name), 'run.json'].join(', ')} in ${out}`,
    `Took ${duration(total)} on ${run.device.device}. ${NOTICE}`,
  )
  return lines.join('\n')
}
