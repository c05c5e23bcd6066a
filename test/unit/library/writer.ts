/** Puts reviews as fast as it can and says the number of each when the library has acknowledged it; until it is killed. */
import { writeSync } from 'node:fs'
import { openLibrary } from '../../../main/library/index.ts'
import { aReview, aRun, aSeries } from './records.ts'

const library = openLibrary(process.argv[2])
const series = library.addSeries(aSeries('scan'))
const run = library.addRun(aRun(series.id))
library.changeRun(run.id, { status: 'done' })
const running = library.addRun(aRun(series.id))
library.changeRun(running.id, { status: 'running' })
writeSync(1, `${run.id}\n`)
for (let n = 0; ; n++) {
  library.putReview(run.id, aReview(`peak-${n % 50}`, { note: `${n}`, outline: outline(n) }))
  writeSync(1, `${n}\n`)
}

/** Of sizes that fill a page and that need several. */
function outline(n: number) {
  const bytes = Buffer.alloc(1 + ((n * 997) % 9000), n)
  return {
    min: [0, 0, 0] as const,
    max: [8 * bytes.length - 1, 0, 0] as const,
    bits: bytes.toString('base64'),
  }
}
