import type { CallName, CallResult } from '../../../../preload/contract.ts'
import type { ReviewRecord } from '../../../../preload/records.ts'

/** A main that keeps reviews in memory and can be told to fail, behind the bridge that the window finds. */
export const fakeMain = {
  stored: new Map<string, ReviewRecord>(),
  /** How many of the next calls fail. */
  failing: 0,
  reset() {
    this.stored.clear()
    this.failing = 0
  },
}

async function answer(name: CallName, input: unknown): Promise<CallResult<CallName>> {
  await Promise.resolve()
  if (fakeMain.failing > 0) {
    fakeMain.failing--
    return { ok: false, error: { code: 'output/disk-full', message: 'The disk is full.' } }
  }
  if (name === 'reviews.put') {
    const record = { ...(input as { record: ReviewRecord }).record, updatedAt: '2026-11-23T10:00:00.000Z' }
    fakeMain.stored.set(record.key, record)
    return { ok: true, value: record } as CallResult<CallName>
  }
  if (name === 'reviews.remove') {
    fakeMain.stored.delete((input as { key: string }).key)
    return { ok: true, value: {} } as CallResult<CallName>
  }
  throw new Error(`the fake main has no ${name}`)
}

// The window's own way to main is chosen when its modules are loaded: this file comes first.
Object.assign(globalThis, { window: { workstation: { call: answer } } })
