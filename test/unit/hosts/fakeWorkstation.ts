import { mkdtemp } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Workstation } from '../../../main/workstation/types.ts'
import type { CallName, EventName } from '../../../preload/contract.ts'

export interface FakeWorkstation extends Workstation {
  /** What hosts asked of it. */
  readonly asked: { name: CallName; input: unknown }[]
  readonly granted: string[]
  emit(name: EventName, payload: unknown): void
}

/** A workstation that writes down what it is asked, and answers with what the test gives it. */
export function fakeWorkstation(
  folder: string,
  answers: Partial<Record<CallName, () => unknown>> = {},
): FakeWorkstation {
  const listeners = new Set<(name: EventName, payload: unknown) => void>()
  const asked: FakeWorkstation['asked'] = []
  const granted: string[] = []
  return {
    asked,
    granted,
    notices: [],
    emit: (name, payload) => {
      for (const listener of listeners) listener(name, payload)
    },
    call: async (name, input) => {
      asked.push({ name, input })
      return (await answers[name]?.()) as never
    },
    on: () => () => {},
    onAny: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    data: async (request) =>
      new URL(request.url).pathname === '/data/voxels'
        ? new Response(new Uint8Array([1, 2, 3]))
        : new Response(null, { status: 404 }),
    grantPath: (path) => {
      granted.push(path)
      return { handle: 'a'.repeat(16), name: basename(path) }
    },
    uploadFolder: () => mkdtemp(join(folder, 'upload-')),
    openPaths: () => {},
    close: async () => {},
  }
}
