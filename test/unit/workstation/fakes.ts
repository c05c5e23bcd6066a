import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { InputReport, SeriesReport } from '../../../main/imaging/inputReport.ts'
import { IDENTITY } from '../../../main/imaging/volume.ts'
import { EngineClient } from '../../../main/inference/client.ts'
import { type EngineReply, type EngineRequest, WORK_FILES } from '../../../main/inference/protocol.ts'
import type { ChildExit, ChildHandle } from '../../../main/processes/childProcess.ts'
import { ReaderClient } from '../../../main/reading/client.ts'
import type { ReaderReply, ReaderRequest } from '../../../main/reading/protocol.ts'

/** A process that lives in this one: the clients of reader and engine are real, what they start is not. */
class FakeProcess<Request, Reply> implements ChildHandle {
  readonly pid = 1
  readonly #answer: (request: Request, process: FakeProcess<Request, Reply>) => unknown
  #listener: ((message: unknown) => void) | undefined
  #exits: ((exit: ChildExit) => void)[] = []
  dead = false

  constructor(answer: (request: Request, process: FakeProcess<Request, Reply>) => unknown) {
    this.#answer = answer
  }

  say(reply: Reply): void {
    if (!this.dead) this.#listener?.(reply)
  }
  end(signal: string | null, stderr = ''): void {
    if (this.dead) return
    this.dead = true
    for (const listener of this.#exits) listener({ code: signal ? null : 0, signal, stderr })
  }
  kill(): void {
    setImmediate(() => this.end('SIGKILL'))
  }
  send(message: unknown): void {
    setImmediate(() => {
      if (this.dead) return
      if ((message as { type: string }).type === 'close') this.end(null)
      else this.#answer(message as Request, this)
    })
  }
  onMessage(listener: (message: unknown) => void): void {
    this.#listener = listener
  }
  onExit(listener: (exit: ChildExit) => void): void {
    this.#exits.push(listener)
  }
}

/** Something that waits until the test lets it go on. */
export class Gate {
  open: () => void = () => {}
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve
  })
  reached: () => void = () => {}
  /** Somebody waits. */
  readonly arrival = new Promise<void>((resolve) => {
    this.reached = resolve
  })

  pass(): Promise<void> {
    this.reached()
    return this.opened
  }
}

export const DIMS = [8, 8, 8] as const
const VOXELS = 512
const GRID = { dims: DIMS, spacing: [2, 2, 2], origin: [0, 0, 0], direction: IDENTITY } as const

export interface ReaderScript {
  /** Waited for in the middle of a reading. */
  hold?: Gate | undefined
  /** Waited for in the middle of a description. */
  holdDescribe?: Gate | undefined
  /** The process ends in the middle of a reading. */
  dies?: boolean
  /** What the process answers in place of voxels. */
  fails?: { code: 'output/disk-full'; message: string }
  /** Distance of the slices that are read, mm; 2 where absent. */
  sliceSpacing?: number
  /** What descriptions say of the series, beside what is common. */
  report?: Partial<SeriesReport>[]
  /** Inputs that were read. */
  opened: unknown[]
}

/** Readers of one script: what a file holds does not matter, that it is there does. */
export function fakeReaders(script: ReaderScript): () => ReaderClient {
  return () => new ReaderClient({ spawn: () => readerProcess(script) })
}

function readerProcess(script: ReaderScript): ChildHandle {
  return new FakeProcess<ReaderRequest, ReaderReply>(async (request, self) => {
    if (request.type === 'close') return
    const { job, input } = request
    const path = typeof input === 'string' ? input : input[0]
    const gone = await stat(path).then(
      () => false,
      () => true,
    )
    if (gone) {
      const message = `There is no file or folder ${path}.`
      return self.say({ type: 'failed', job, code: 'input/not-found', message })
    }
    self.say({ type: 'progress', job, progress: { stage: 'reading', done: 1, total: 8 } })
    if (request.type === 'describe') {
      await script.holdDescribe?.pass()
      return self.say({ type: 'described', job, report: reportOf(path, script.report ?? [{}]) })
    }
    script.opened.push(input)
    await script.hold?.pass()
    if (script.dies) return self.end('SIGSEGV')
    if (script.fails) return self.say({ type: 'failed', job, ...script.fails })
    if (self.dead) return
    await writeFile(request.voxelsFile, new Int16Array(VOXELS).fill(40))
    const grid = { ...GRID, spacing: [2, 2, script.sliceSpacing ?? 2] as const }
    const scan = { grid, source: { kind: 'nrrd' as const, path }, filledSlices: [], warnings: [] }
    self.say({ type: 'opened', job, scan: { ...scan, peakRssBytes: 1 } })
  })
}

function reportOf(path: string, series: Partial<SeriesReport>[]): InputReport {
  return {
    path,
    kind: 'nrrd',
    warnings: [],
    series: series.map((more) => ({
      id: '',
      seriesInstanceUid: '',
      kind: 'ct-volume',
      className: '',
      modality: 'CT',
      patientName: 'Doe^Jane',
      patientId: '1',
      studyInstanceUid: '',
      studyDescription: '',
      studyDate: '20200101',
      seriesNumber: '1',
      seriesDescription: '',
      convolutionKernel: '',
      manufacturer: '',
      manufacturerModelName: '',
      encoding: '',
      transferSyntaxUid: '',
      imageCount: 8,
      sliceCount: 8,
      dims: DIMS,
      spacingMm: [2, 2, 2],
      sliceThicknessMm: 2,
      originMm: [0, 0, 0],
      direction: IDENTITY,
      lossy: false,
      canScreen: true,
      reason: null,
      warnings: [],
      ...more,
    })),
  }
}

export interface EngineScript {
  /** Waited for in the middle of the inference. */
  hold?: Gate | undefined
  /** The process ends in the middle of the inference. */
  dies?: boolean
  /** What the engine answers in place of results. */
  fails?: { code: 'output/disk-full'; message: string }
  /** Tiles told of, without a pause. */
  tiles?: number
  /** Given the folder for finished tiles, in the middle of the inference. */
  onTiles?: (resumeFolder: string) => unknown
  /** Tiles that it says were there. */
  resumedTiles?: number
  /** Called when the results are written and told. */
  onDone?: () => void
  /** Engines that were started. */
  started: number
}

export function fakeEngine(script: EngineScript): EngineClient {
  const host = {
    platform: 'linux',
    arch: 'x64',
    cudaLibraryInstalled: false,
    nvidiaDriverPresent: false,
  } as const
  return new EngineClient({
    host,
    spawn: () => {
      script.started++
      return engineProcess(script)
    },
  })
}

function engineProcess(script: EngineScript): ChildHandle {
  return new FakeProcess<EngineRequest, EngineReply>(async (request, self) => {
    if (request.type === 'load') {
      const { device, threads } = request
      const proof = { partlyOnCpu: false, goldenDeviation: 0, goldenTolerance: 1e-3, loadSeconds: 0 }
      return self.say({ type: 'loaded', report: { device, threads, ...proof } })
    }
    if (request.type !== 'screen') return
    const total = script.tiles ?? 2
    for (let done = 0; done <= total; done++)
      self.say({ type: 'progress', progress: { stage: 'inference', done, total, secondsLeft: total - done } })
    if (request.resumeFolder) await script.onTiles?.(request.resumeFolder)
    await script.hold?.pass()
    if (script.dies) return self.end('SIGKILL')
    if (script.fails) return self.say({ type: 'failed', ...script.fails })
    if (self.dead) return
    const write = (name: string, bytes: NodeJS.ArrayBufferView | string) =>
      writeFile(join(request.workFolder, name), bytes)
    await stat(join(request.workFolder, WORK_FILES.volume))
    await write(WORK_FILES.score, new Float32Array(VOXELS))
    await write(
      WORK_FILES.steps,
      Uint8Array.from({ length: VOXELS }, (_, i) => i),
    )
    await write(WORK_FILES.tree, 'tree')
    await write(WORK_FILES.profile, '{}')
    const modelGrid = GRID
    const cropBox = { start: [0, 0, 0], end: DIMS } as const
    const result = {
      modelGrid,
      cropBox,
      tiles: total,
      ...(script.resumedTiles ? { resumedTiles: script.resumedTiles } : {}),
      findings: [],
      warnings: [],
      seconds: {},
      peakRssBytes: 1,
    }
    self.say({ type: 'done', result })
    script.onDone?.()
  })
}

/** A folder that stands for a scan. */
export async function makeSource(folder: string, name: string): Promise<string> {
  const source = join(folder, name)
  await mkdir(source)
  await writeFile(join(source, 'slice.dcm'), name)
  return source
}
