import { useEffect, useState } from 'react'
import { z } from 'zod'
import type { FileHandle } from '../../preload/records.ts'
import { call } from '../api/index.ts'
import { t } from '../i18n/index.ts'
import { choose } from '../library/choose.ts'
import { trying } from '../shell/notify.tsx'
import { getSetting, setSetting } from '../shell/settings.ts'
import { parentPath } from './request.ts'

const FOLDER_SETTING = 'export.folder'

/** In this window; handles end with the host, so beyond it the path is kept. */
let chosen: FileHandle | null = null

/** Where exports go: what was chosen last, if it is still there. */
export function useTargetFolder(): { folder: FileHandle | null; change: () => Promise<void> } {
  const [folder, setFolder] = useState(chosen)
  useEffect(() => {
    const path = getSetting(FOLDER_SETTING, z.string().min(1).nullable(), null)
    if (chosen || path === null) return
    call('files.resolve', { path })
      .then((handle) => {
        chosen ??= handle
        setFolder(chosen)
      })
      // It is gone, or no longer allowed: the reader chooses anew.
      .catch(() => undefined)
  }, [])
  const change = () =>
    trying(t('choose.failed'), async () => {
      const [handle] = (await choose('export-folder')) ?? []
      if (!handle) return
      chosen = handle
      setFolder(handle)
    })
  return { folder, change }
}

/** Remembers the folder in which an export was put, by its path. */
export function rememberTarget(exportPath: string): void {
  const name = exportPath.split(/[\\/]/).filter(Boolean).at(-1)
  setSetting(FOLDER_SETTING, name === chosen?.name ? exportPath : parentPath(exportPath))
}
