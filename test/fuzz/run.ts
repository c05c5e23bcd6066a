/**
 * Opens damaged scans for as long as one likes: npm run fuzz -- --count 200000 --seed 7
 * One case again, its files kept: npm run fuzz -- --seed 7 --case 1234 --keep /tmp/case
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ReaderClient } from '../../main/reading/client.ts'
import { fuzz } from './fuzz.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '20000' },
    case: { type: 'string' },
    keep: { type: 'string' },
  },
})
const from = Number(values.case ?? values.from)
const count = values.case === undefined ? Number(values.count) : 1
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'fuzz-'))
mkdirSync(folder, { recursive: true })
const reader = new ReaderClient()
try {
  const started = performance.now()
  const { outcomes, failures, slowest, largestGrowthBytes } = await fuzz({
    reader,
    folder,
    seed: Number(values.seed),
    cases: Array.from({ length: count }, (_, i) => from + i),
    onCase: (number) => {
      if ((number + 1) % 1000 === 0) console.error(`${number + 1 - from} of ${count}`)
    },
  })
  console.table(
    Object.fromEntries([...outcomes].sort((a, b) => b[1] - a[1]).map(([what, n]) => [what, { cases: n }])),
  )
  const growth =
    largestGrowthBytes === null ? 'not known here' : `${Math.round(largestGrowthBytes / 2 ** 20)} MiB`
  console.log(`${count} cases in ${Math.round((performance.now() - started) / 1000)} s, seed ${values.seed}.`)
  console.log(
    `Slowest: ${slowest.seconds.toFixed(2)} s (case ${slowest.number}). Most memory on top: ${growth}.`,
  )
  for (const failure of failures) console.log(failure)
  console.log(failures.length === 0 ? 'No failure.' : `${failures.length} failures.`)
  process.exitCode = failures.length === 0 ? 0 : 1
} finally {
  await reader.close()
  if (!values.keep) rmSync(folder, { recursive: true, force: true })
}
