import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DATABASE_FILE } from '../../../main/library/database.ts'
import type { ReviewRecord } from '../../../preload/records.ts'
import { aReview, libraryFolder, open, said, screened } from './fixtures.ts'

const key = fc.constantFrom('peak-0', 'peak-17', 'peak-999999999', 'drawn-abcdefgh')
const record = fc.record({
  state: fc.constantFrom('unreviewed', 'confirmed', 'false-positive', 'uncertain'),
  note: fc.string({ maxLength: 20 }),
})
const action = fc.oneof(
  fc.record({ type: fc.constant('put' as const), key, record }),
  fc.record({ type: fc.constant('remove' as const), key }),
  fc.record({ type: fc.constant('undo' as const) }),
  fc.record({ type: fc.constant('restart' as const) }),
)

it('holds what was last said of each finding, through undo and restarts, and every version before it', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 25 }), (actions) => {
      const folder = libraryFolder()
      let library = open(folder)
      const run = screened(library)
      const now = new Map<string, ReviewRecord>()
      const past: ReviewRecord[] = []
      const undo: [string, ReviewRecord | undefined][] = []
      const set = (at: string, to: ReviewRecord | undefined) => {
        const before = now.get(at)
        if (to) now.set(at, library.putReview(run.id, to))
        else {
          library.removeReview(run.id, at)
          now.delete(at)
        }
        // Said again within a millisecond, it is the same version.
        if (before && JSON.stringify(before) !== JSON.stringify(now.get(at))) past.push(before)
        return before
      }
      for (const step of actions) {
        if (step.type === 'put') undo.push([step.key, set(step.key, aReview(step.key, step.record))])
        else if (step.type === 'remove') undo.push([step.key, set(step.key, undefined)])
        else if (step.type === 'undo') {
          const last = undo.pop()
          if (last) set(...last)
        } else {
          library.close()
          library = open(folder)
        }
        const held = library.getReviews(run.id)
        expect(new Map(held.map((one) => [one.key, said(one)]))).toEqual(
          new Map([...now].map(([at, one]) => [at, said(one)])),
        )
      }
      library.close()
      const db = new DatabaseSync(join(folder, DATABASE_FILE))
      const history = db.prepare('SELECT record FROM review_history ORDER BY seq').all()
      expect(history.map((row) => JSON.parse(String(row.record)))).toEqual(past)
      for (const change of ['DELETE FROM review_history', "UPDATE review_history SET key = 'peak-1'"])
        if (past.length > 0) expect(() => db.exec(change)).toThrow('earlier versions of a review')
      db.close()
    }),
    { numRuns: 40 },
  )
})
