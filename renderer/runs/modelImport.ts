import { create } from 'zustand'
import type { ModelInspection } from '../../preload/modelRecords.ts'
import type { ErrorRecord, FileHandle } from '../../preload/records.ts'
import { asCallError, call } from '../api/index.ts'
import { t } from '../i18n/index.ts'
import { choose } from '../library/choose.ts'
import { trying } from '../shell/notify.tsx'
import { forgetJob, useLibrary } from '../state/library.ts'

/** How far the import of one package is; `shown` waits for the reader's word. */
export type ModelImport =
  | { step: 'inspecting'; handle: FileHandle }
  | { step: 'refused'; handle: FileHandle; error: ErrorRecord }
  | { step: 'shown'; handle: FileHandle; model: ModelInspection; dropped: boolean }
  | { step: 'importing'; handle: FileHandle; model: ModelInspection; job: string }
  | { step: 'failed'; handle: FileHandle; model: ModelInspection; error: ErrorRecord }
  | { step: 'done'; handle: FileHandle; model: ModelInspection }

export const useModelImport = create<{ at: ModelImport | null }>(() => ({ at: null }))

const go = (at: ModelImport | null) => useModelImport.setState({ at })

const errorOf = (thrown: unknown): ErrorRecord => {
  const { code, message, detail } = asCallError(thrown)
  return { code, message, ...(detail === undefined ? {} : { detail }) }
}

/** Why a package cannot come, or what gives way to it, as a key of the catalogue; null where its name is free. */
export function nameTaken({ version, installed }: ModelInspection): {
  key: 'import.builtIn' | 'import.sameVersion' | 'import.replaces'
  refused: boolean
} | null {
  if (!installed) return null
  if (installed.origin === 'built-in') return { key: 'import.builtIn', refused: true }
  if (installed.version === version) return { key: 'import.sameVersion', refused: true }
  return { key: 'import.replaces', refused: false }
}

/** Whether an inspection's error says that this is no model package at all, so that it may be a scan. */
export function isNoPackage(code: string): boolean {
  return code === 'model/not-a-package' || code === 'model/damaged' || code.startsWith('model/zip-')
}

/** Has the reader choose a package, and shows what it is. */
export async function chooseModel(purpose: 'model-folder' | 'model-file'): Promise<void> {
  await trying(t('import.chooseFailed'), async () => {
    const [handle] = (await choose(purpose)) ?? []
    if (!handle) return
    go({ step: 'inspecting', handle })
    try {
      const model = await call('models.inspect', { handle: handle.handle })
      if (isOf(handle)) go({ step: 'shown', handle, model, dropped: false })
    } catch (thrown) {
      if (isOf(handle)) go({ step: 'refused', handle, error: errorOf(thrown) })
    }
  })
}

/** For what was dropped: shows it where it is a model package, and says whether it is one. */
export async function offerModel(handle: FileHandle): Promise<boolean> {
  try {
    const model = await call('models.inspect', { handle: handle.handle })
    go({ step: 'shown', handle, model, dropped: true })
    return true
  } catch (thrown) {
    const error = errorOf(thrown)
    if (!error.code.startsWith('model/') || isNoPackage(error.code)) return false
    go({ step: 'refused', handle, error })
    return true
  }
}

/** Imports the package that is shown. */
export async function importShown(): Promise<void> {
  const { at } = useModelImport.getState()
  if (at?.step !== 'shown') return
  const { handle, model } = at
  const job = crypto.randomUUID()
  go({ step: 'importing', handle, model, job })
  try {
    const models = await call('models.import', {
      job,
      handle: handle.handle,
      replace: model.installed !== null,
    })
    useLibrary.setState({ models })
    go({ step: 'done', handle, model })
  } catch (thrown) {
    const error = errorOf(thrown)
    go(error.code === 'cancelled' ? null : { step: 'failed', handle, model, error })
  } finally {
    forgetJob(job)
  }
}

/** Leaves the dialog; ends an import that goes on. */
export async function leaveImport(): Promise<void> {
  const { at } = useModelImport.getState()
  if (at?.step !== 'importing') return go(null)
  await trying(t('import.cancelFailed'), () => call('models.cancel', { job: at.job }))
}

function isOf(handle: FileHandle): boolean {
  return useModelImport.getState().at?.handle === handle
}
