import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { SeriesEntry } from '../../preload/records.ts'
import type { PhantomOptions } from '../imaging/phantom/index.ts'
import { hasSample, makeSample, SAMPLE_FILES } from '../screening/sample.ts'
import { type AddTools, addSampleSeries } from './addSeries.ts'
import { abortable, cancelled } from './failures.ts'
import type { Job } from './jobs.ts'

export type SampleOptions = Omit<PhantomOptions, 'lesions'>

/** The same patient on every computer, so that what people say about it can be compared. */
export const SAMPLE: SampleOptions = { seed: 1 }

/** The procedural CT that comes with the product: made when it is first asked for, then only added. */
export class Sample {
  readonly #tools: AddTools
  readonly #options: SampleOptions
  /** Two at once would write the same folder. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(tools: AddTools, options: SampleOptions) {
    this.#tools = tools
    this.#options = options
  }

  /** @throws WorkstationError `output/…`, `cancelled` */
  add(job: Job): Promise<SeriesEntry> {
    const turn = this.#turn.then(async () => {
      if (job.signal.aborted) throw cancelled()
      const { sample } = this.#tools.folder
      const series = join(sample, SAMPLE_FILES.series)
      if (!hasSample(sample) || !existsSync(series)) {
        job.progress('making', 0, 0)
        await makeSample(sample, this.#options, { signal: job.signal, reader: this.#tools.reader })
      }
      return addSampleSeries(series, job, this.#tools)
    })
    this.#turn = turn.catch(() => {})
    return abortable(turn, job.signal)
  }
}
