import { expect, test } from 'vitest'
import type { ReviewRecord } from '../../../preload/records.ts'
import { addSource, makeBed, runIs, startRun } from './bed.ts'

const said = (more: Partial<ReviewRecord>): ReviewRecord => ({
  key: 'peak-7',
  state: 'confirmed',
  label: null,
  note: '',
  outline: null,
  thresholdLevel: 99,
  updatedAt: null,
  ...more,
})

async function reviewedRun() {
  const bed = await makeBed()
  const { series } = await addSource(bed)
  const { id: runId } = await startRun(bed, series.id)
  await runIs(bed, runId, 'done')
  // Nothing is known of the run's grid now: the first word of a review must read it.
  await bed.restart()
  return { workstation: bed.workstation, runId, series }
}

test('what is said and taken back at once is taken back', async () => {
  const { workstation, runId } = await reviewedRun()
  const asked = [
    workstation.call('reviews.put', { runId, record: said({}) }),
    workstation.call('reviews.remove', { runId, key: 'peak-7' }),
  ]
  const after = workstation.call('reviews.get', { runId })
  await Promise.all(asked)
  expect(await after).toEqual([])
  expect(await workstation.call('reviews.get', { runId })).toEqual([])
})

test('of two windows that speak at once, the last has the last word, and a mistake holds up neither', async () => {
  const { workstation, runId } = await reviewedRun()
  const wrong = workstation.call('reviews.put', { runId, record: said({ key: 'peak-999999' }) })
  const notes = Array.from({ length: 100 }, (_, n) => `${n % 2 ? 'left' : 'right'} ${n}`)
  const asked = notes.map((note) => workstation.call('reviews.put', { runId, record: said({ note }) }))
  await expect(wrong).rejects.toThrow('within the scan')
  expect((await Promise.all(asked)).map(({ note }) => note)).toEqual(notes)
  expect(await workstation.call('reviews.get', { runId })).toMatchObject([{ note: 'left 99' }])
})
