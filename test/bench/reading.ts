import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ReaderClient } from '../../main/reading/client.ts'
import { compileCacheEnv } from '../../main/reading/compileCache.ts'
import { compressPictures, makePictures, makeSeries } from './readingSeries.ts'

/**
 * `npm run bench:reading`: opening DICOM series of 512 × 512 × {100, 300, 1000} voxels, uncompressed and as JPEG 2000
 * lossless, against dcm2niix (which also writes the volume) and pydicom with numpy and GDCM. Whole processes are
 * timed, in turns; the median of three counts. Files are in the disk cache, as for all of them.
 *
 * Ours is timed twice: as a whole process, with Node's start, and as a user meets it, by a reading process that has been
 * started before (main/reading) and, like dcm2niix, writes the volume to a file. Compiled modules come from the user's
 * cache in both, as they do for the product.
 *
 *   npm run bench:reading -- [--slices 100,300,1000] [--rounds 3] [--python python3] [--json FILE]
 */

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const HERE = join(ROOT, 'test/bench')

/** Goals: time at most this many times that of dcm2niix, memory at most 1.5 times the volume and 300 MB. */
const SLOWEST = { uncompressed: 1, 'JPEG 2000': 1.5 } as const
type Encoding = keyof typeof SLOWEST

interface Finished {
  seconds: number
  /** Largest resident size of the process; NaN where the system does not tell. */
  peakBytes: number
  /** What the reader said of itself; absent for dcm2niix. */
  said?: { ms: number; sum?: number }
}

interface Reader {
  name: string
  command: (series: string, scratch: string) => string[]
  speaks: boolean
}

interface Row {
  series: string
  encoding: Encoding
  slices: number
  reader: string
  seconds: number
  /** Of a reader that says so: without the start of its process. */
  insideSeconds?: number
  /** Ours, by a reading process that was started before. */
  startedSeconds?: number
  ofDcm2niix?: number
  startedOfDcm2niix?: number
  peakBytes: number
  volumeBytes: number
  goalsMet?: boolean
}

const { values: flags } = parseArgs({
  options: {
    slices: { type: 'string', default: '100,300,1000' },
    rounds: { type: 'string', default: '3' },
    python: { type: 'string', default: 'python3' },
    json: { type: 'string' },
  },
})

const readers = await presentReaders()
const folder = await mkdtemp(join(tmpdir(), 'screener-reading-'))
const rows: Row[] = []
try {
  const pictures: Partial<Record<Encoding, string>> = { uncompressed: join(folder, 'pictures') }
  console.error('Making the pictures …')
  await makePictures(pictures.uncompressed!)
  const compressed = join(folder, 'compressed')
  await compressPictures(pictures.uncompressed!, compressed).then(
    () => {
      pictures['JPEG 2000'] = compressed
    },
    (error) => console.error(`No JPEG 2000: gdcmconv is missing or fails (${error.message.split('\n')[0]}).`),
  )
  for (const slices of flags.slices.split(',').map(Number)) {
    for (const [encoding, from] of Object.entries(pictures) as [Encoding, string][]) {
      console.error(`512 × 512 × ${slices}, ${encoding} …`)
      const series = join(folder, 'series')
      await makeSeries(from, series, slices)
      rows.push(...(await compare(series, encoding, slices)))
      await rm(series, { recursive: true })
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
printTable(rows)
if (flags.json) {
  const machine = { cpu: cpus()[0]?.model, logicalCpus: cpus().length, node: process.version }
  await writeFile(flags.json, `${JSON.stringify({ machine, rows }, null, 2)}\n`)
}

/** Times every reader on one series, in an order that changes from round to round. */
async function compare(series: string, encoding: Encoding, slices: number): Promise<Row[]> {
  const finished = new Map<Reader, Finished[]>(readers.map((reader) => [reader, []]))
  const started: number[] = []
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (let turn = 0; turn < readers.length; turn++) {
      const reader = readers[(round + turn) % readers.length]!
      const scratch = join(folder, 'scratch')
      await mkdir(scratch)
      finished.get(reader)!.push(await timed(reader.command(series, scratch), reader.speaks))
      await rm(scratch, { recursive: true })
      if (reader === readers[0]) started.push(await timedStarted(series))
    }
  }
  const sums: (number | undefined)[] = []
  for (const reader of readers.filter((r) => r.speaks))
    sums.push((await timed([...reader.command(series, ''), 'sum'], true)).said?.sum)
  if (new Set(sums).size > 1) throw new Error(`The readers disagree on the voxels: ${sums.join(', ')}`)
  const secondsOf = (runs: Finished[] | undefined) => median((runs ?? []).map((r) => r.seconds))
  const reference = readers.find((r) => r.name === 'dcm2niix')
  const referenceSeconds = reference ? secondsOf(finished.get(reference)) : Number.NaN
  const volumeBytes = 512 * 512 * 2 * slices
  return [...finished].map(([reader, runs]) => {
    const seconds = secondsOf(runs)
    const peakBytes = Math.max(...runs.map((r) => r.peakBytes))
    const row: Row = {
      series: `512 × 512 × ${slices}, ${encoding}`,
      encoding,
      slices,
      reader: reader.name,
      seconds,
      ...(reader.speaks ? { insideSeconds: median(runs.map((r) => r.said!.ms / 1000)) } : {}),
      ...(reference ? { ofDcm2niix: seconds / referenceSeconds } : {}),
      peakBytes,
      volumeBytes,
    }
    if (reader === readers[0]) {
      row.startedSeconds = median(started)
      if (reference) row.startedOfDcm2niix = row.startedSeconds / referenceSeconds
    }
    if (reader === readers[0] && reference)
      row.goalsMet = row.ofDcm2niix! <= SLOWEST[encoding] && peakBytes <= 1.5 * volumeBytes + 300e6
    return row
  })
}

/** How long a reading process that is up, but has read nothing yet, takes to open the series and write its voxels, s. */
async function timedStarted(series: string): Promise<number> {
  const reader = new ReaderClient()
  const scratch = join(folder, 'started')
  await mkdir(scratch)
  try {
    // It is started by its first request; this one is refused at once.
    await reader.describe(join(scratch, 'nothing')).catch(() => {})
    const from = performance.now()
    await reader.open({ input: series, voxelsFile: join(scratch, 'volume.i16') })
    return (performance.now() - from) / 1000
  } finally {
    await reader.close()
    await rm(scratch, { recursive: true })
  }
}

async function presentReaders(): Promise<Reader[]> {
  const local = join(ROOT, 'node_modules/.bin/node')
  const node = existsSync(local) ? local : process.execPath
  const ours: Reader = {
    name: 'ours',
    command: (series) => [node, join(HERE, 'readOurs.ts'), series],
    speaks: true,
  }
  const others: [Reader, string[]][] = [
    [
      {
        name: 'dcm2niix',
        command: (series, scratch) => [
          'dcm2niix',
          '-b',
          'n',
          '-z',
          'n',
          '-f',
          'volume',
          '-o',
          scratch,
          series,
        ],
        speaks: false,
      },
      ['dcm2niix', '-h'],
    ],
    [
      {
        name: 'pydicom',
        command: (series) => [flags.python, join(HERE, 'read_pydicom.py'), series],
        speaks: true,
      },
      [flags.python, '-c', 'import pydicom, numpy, gdcm'],
    ],
  ]
  const present = [ours]
  for (const [reader, probe] of others) {
    const works = await timed(probe, false).then(
      () => true,
      () => false,
    )
    if (works) present.push(reader)
    else console.error(`${reader.name} is left out: it is not installed.`)
  }
  return present
}

/**
 * Runs a command to its end. GNU time stands between, where it is there: a process's peak begins with the size that
 * its parent had, and GNU time is small.
 */
function timed(command: string[], speaks: boolean): Promise<Finished> {
  const gnuTime = existsSync('/usr/bin/time') && process.platform === 'linux'
  const [program, ...args] = gnuTime ? ['/usr/bin/time', '-f', 'peak %M', ...command] : command
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const env = { ...process.env, ...compileCacheEnv() }
    const child = spawn(program!, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (code) => {
      const seconds = (performance.now() - started) / 1000
      if (code !== 0) return reject(new Error(`${command.join(' ')} ended with ${code}: ${stderr}`))
      const said = speaks ? JSON.parse(stdout) : undefined
      const kilobytes = /peak (\d+)/.exec(stderr)?.[1]
      const peakBytes = kilobytes ? Number(kilobytes) * 1024 : (said?.peakBytes ?? Number.NaN)
      resolve({ seconds, peakBytes, ...(said ? { said } : {}) })
    })
  })
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2
}

function rounded(value: number | undefined): number | '' {
  return value === undefined ? '' : Number(value.toFixed(2))
}

function printTable(all: Row[]): void {
  console.log(`${cpus()[0]?.model}, ${cpus().length} logical CPUs, Node ${process.version}`)
  console.table(
    all.map((row) => ({
      series: row.series,
      reader: row.reader,
      's whole process': rounded(row.seconds),
      '× dcm2niix': rounded(row.ofDcm2niix),
      's already started': rounded(row.startedSeconds),
      '× dcm2niix, started': rounded(row.startedOfDcm2niix),
      's without start': rounded(row.insideSeconds),
      'peak MB': Math.round(row.peakBytes / 1e6),
      'peak × volume': Number((row.peakBytes / row.volumeBytes).toFixed(2)),
      goals: row.goalsMet === undefined ? '' : row.goalsMet ? 'met' : 'missed',
    })),
  )
}
