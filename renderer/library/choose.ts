import { create } from 'zustand'
import type { CallInput } from '../../preload/contract.ts'
import type { FileHandle } from '../../preload/records.ts'
import { call } from '../api/index.ts'
import { t } from '../i18n/index.ts'
import { trying } from '../shell/notify.tsx'
import { useLibrary } from '../state/library.ts'
import { addHandles } from './adding.ts'

export type Purpose = CallInput<'files.pick'>['purpose']

interface Asked {
  purpose: Purpose
  answer: (handles: FileHandle[] | null) => void
}

/** What the folder picker of the window is asked for; null while it is closed. */
export const useFolderPicker = create<{ asked: Asked | null }>(() => ({ asked: null }))

/**
 * Has the reader choose files or a folder: in a dialog of the system where the host has one, else in the window's own.
 * Null where they cancelled.
 *
 * @throws CallError
 */
export async function choose(purpose: Purpose): Promise<FileHandle[] | null> {
  if (useLibrary.getState().info?.picker === 'native') return call('files.pick', { purpose })
  useFolderPicker.getState().asked?.answer(null)
  return new Promise((resolve) => {
    const answer = (handles: FileHandle[] | null) => {
      useFolderPicker.setState({ asked: null })
      resolve(handles)
    }
    useFolderPicker.setState({ asked: { purpose, answer } })
  })
}

/** Has the reader choose, and adds what they chose. */
export async function chooseAndAdd(purpose: 'open-files' | 'open-folder'): Promise<void> {
  await trying(t('choose.failed'), async () => {
    const handles = await choose(purpose)
    if (handles) await addHandles(handles)
  })
}
