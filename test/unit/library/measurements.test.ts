import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { DATABASE_FILE } from '../../../main/library/database.ts'
import type { MeasurementRecord } from '../../../preload/records.ts'
import { aSeries, libraryFolder, open } from './fixtures.ts'

const length = (id: string, endMm = 10): MeasurementRecord => ({
  id,
  kind: 'length',
  points: [
    [0, 0, 0],
    [endMm, 0, 0],
  ],
  right: [1, 0, 0],
  down: [0, 1, 0],
  normal: [0, 0, 1],
})

describe('measurements', () => {
  it('are there again after a restart, each as it was stored last, and go one by one', () => {
    const folder = libraryFolder()
    const library = open(folder)
    const { id } = library.addSeries(aSeries('scan'))
    for (const name of ['first-one', 'second-one', 'third-one']) library.putMeasurement(id, length(name))
    library.putMeasurement(id, length('first-one', 25))
    library.removeMeasurement(id, 'second-one')
    library.close()
    expect(open(folder).getMeasurements(id)).toEqual([length('first-one', 25), length('third-one')])
  })

  it('go with their series, and with no other', () => {
    const library = open(libraryFolder())
    const [gone, kept] = ['gone', 'kept'].map((name) => library.addSeries(aSeries(name)).id)
    for (const id of [gone, kept]) library.putMeasurement(id, length('measured-1'))
    library.removeSeries(gone)
    expect(library.getMeasurements(gone)).toEqual([])
    expect(library.getMeasurements(kept)).toEqual([length('measured-1')])
  })

  it('are refused where they are not what their kind is', () => {
    const library = open(libraryFolder())
    const { id } = library.addSeries(aSeries('scan'))
    expect(() => library.putMeasurement(id, { ...length('measured-1'), kind: 'angle' })).toThrow(
      'not as many points',
    )
  })

  it('can be kept in a library of the first version, with all that is in it', () => {
    const folder = libraryFolder()
    const library = open(folder)
    const entry = library.addSeries(aSeries('scan'))
    library.close()
    const old = new DatabaseSync(join(folder, DATABASE_FILE))
    old.exec('DROP TABLE measurement; PRAGMA user_version = 1')
    old.close()
    const again = open(folder)
    again.putMeasurement(entry.id, length('measured-1'))
    expect([again.listSeries(), again.getMeasurements(entry.id)]).toEqual([[entry], [length('measured-1')]])
  })
})
