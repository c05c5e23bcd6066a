import { useEffect, useState } from 'react'
import type { FileHandle } from '../../preload/records.ts'
import { bridge, CallError } from '../api/index.ts'
import { runCommand } from '../commands/registry.ts'
import { t } from '../i18n/index.ts'
import { addHandles } from '../library/adding.ts'
import { offerModel } from '../runs/modelImport.ts'
import { followLibrary, refreshLibrary, useLibrary } from '../state/library.ts'
import { notifyError } from './notify.tsx'
import { loadSettings } from './settings.ts'

/** What the system asked the window to open: a scan, or a model to import. */
async function openGiven(handles: readonly FileHandle[]): Promise<void> {
  if (handles.length === 1 && (await offerModel(handles[0]))) return
  await addHandles(handles)
}

/**
 * Asks main for all it knows and follows its events while the window is there. True once preferences are known, or
 * cannot be had: nothing is drawn in one theme and then in the other.
 */
export function useMain(): boolean {
  const [ready, setReady] = useState(false)
  useEffect(() => {
    const ends = [
      followLibrary(),
      bridge.on('files.opened', (handles) => void openGiven(handles)),
      bridge.on('command.run', ({ id }) => runCommand(id)),
    ]
    const fail = (thrown: unknown) => notifyError(t('start.failed'), thrown)
    refreshLibrary()
      .then(() => {
        for (const notice of useLibrary.getState().info?.notices ?? [])
          notifyError(t('start.notice'), new CallError(notice), notice.code)
      })
      .catch(fail)
    loadSettings()
      .catch(fail)
      .finally(() => setReady(true))
    return () => {
      for (const end of ends) end()
    }
  }, [])
  return ready
}
