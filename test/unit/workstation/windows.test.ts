import { expect, test } from 'vitest'
import { answerCall } from '../../../main/hosts/handler/answerCall.ts'
import { type EventPayload, events } from '../../../preload/contract.ts'
import type { MeasurementRecord, ReviewRecord } from '../../../preload/records.ts'
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

const angle: MeasurementRecord = {
  id: 'measured-1',
  kind: 'angle',
  points: [
    [10, 0, 0],
    [0, 0, 0],
    [0, 10, 0],
  ],
  right: [1, 0, 0],
  down: [0, 1, 0],
  normal: [0, 0, 1],
}

test('every window is told of a review that changed once it is stored, and by whom', async () => {
  const bed = await makeBed()
  const { series } = await addSource(bed)
  const { id: runId } = await startRun(bed, series.id)
  await runIs(bed, runId, 'done')
  const { workstation } = bed
  const told: (EventPayload<'review.changed'> & { stored: ReviewRecord[] })[] = []
  const asked: Promise<unknown>[] = []
  workstation.on('review.changed', (event) => {
    const payload = events['review.changed'].strict().parse(event)
    // What a window asks for when it is told of a change has that change in it.
    const get = workstation.call('reviews.get', { runId, key: event.key })
    asked.push(get.then((stored) => told.push({ ...payload, stored })))
  })
  const one = await workstation.call('reviews.put', { runId, record: said({}), window: 'left' })
  await workstation.call('reviews.put', { runId, record: said({ key: 'peak-8' }) })
  await Promise.all(asked)
  expect(told).toMatchObject([
    { runId, key: 'peak-7', window: 'left', stored: [one] },
    { runId, key: 'peak-8', window: null, stored: [{ key: 'peak-8' }] },
  ])
  await workstation.call('reviews.remove', { runId, key: 'peak-7', window: 'right' })
  await Promise.all(asked)
  expect(told.at(-1)).toEqual({ runId, key: 'peak-7', window: 'right', stored: [] })
})

test('every window is told that a review was finished or reopened, that a measurement or the labels changed', async () => {
  const bed = await makeBed()
  const { series } = await addSource(bed)
  const { id: runId } = await startRun(bed, series.id)
  await runIs(bed, runId, 'done')
  const seriesId = series.id
  const { workstation } = bed
  const told: unknown[] = []
  for (const name of ['review.finished', 'measurement.changed', 'labels.changed'] as const)
    workstation.on(name, (event) => told.push([name, events[name].parse(event)]))
  const label = { text: 'Old fracture', code: null }
  await workstation.call('reviews.finish', { runId, finished: true, window: 'left' })
  await workstation.call('reviews.finish', { runId, finished: false })
  await workstation.call('measurements.put', { seriesId, measurement: angle, window: 'left' })
  await workstation.call('measurements.remove', { seriesId, id: angle.id })
  await workstation.call('labels.set', { labels: [label], window: 'right' })
  expect(told).toEqual([
    ['review.finished', { runId, finished: true, window: 'left' }],
    ['review.finished', { runId, finished: false, window: null }],
    ['measurement.changed', { seriesId, id: angle.id, window: 'left' }],
    ['measurement.changed', { seriesId, id: angle.id, window: null }],
    ['labels.changed', { labels: [label], window: 'right' }],
  ])
})

test('nobody is told of what was refused', async () => {
  const bed = await makeBed()
  const { series } = await addSource(bed)
  const { id: runId } = await startRun(bed, series.id)
  await runIs(bed, runId, 'done')
  const told: unknown[] = []
  bed.workstation.on('review.changed', (event) => told.push(event))
  const record = said({ key: 'peak-999999' })
  bed.workstation.on('measurement.changed', (event) => told.push(event))
  await expect(bed.workstation.call('reviews.put', { runId, record })).rejects.toThrow('within the scan')
  const gone = { seriesId: 'another', measurement: angle }
  await expect(bed.workstation.call('measurements.put', gone)).rejects.toThrow('no longer in the library')
  expect(told).toEqual([])
})

test('what is measured on a series is there after a restart, until it is removed', async () => {
  const bed = await makeBed()
  const { series } = await addSource(bed)
  const seriesId = series.id
  await bed.workstation.call('measurements.put', { seriesId, measurement: angle })
  await bed.restart()
  expect(await bed.workstation.call('measurements.get', { seriesId })).toEqual([angle])
  await bed.workstation.call('measurements.remove', { seriesId, id: angle.id })
  expect(await bed.workstation.call('measurements.get', { seriesId })).toEqual([])
  const gone = bed.workstation.call('measurements.put', { seriesId: 'another', measurement: angle })
  await expect(gone).rejects.toThrow('no longer in the library')
})

test.each([
  ['an angle of two points', { points: angle.points.slice(1) }],
  ['a length of three', { kind: 'length' }],
  ['a point that is nowhere', { points: [[null, 0, 0], ...angle.points.slice(1)] }],
  ['a name that is none', { id: '../x' }],
])('a measurement is refused by the contract: %s', async (_, change) => {
  const { workstation } = await makeBed()
  const measurement = { ...angle, ...change }
  const result = await answerCall(workstation, 'measurements.put', { seriesId: 'any', measurement })
  expect(result).toMatchObject({ ok: false, error: { code: 'usage/invalid-input' } })
})
