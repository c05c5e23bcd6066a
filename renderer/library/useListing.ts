import { useCallback, useEffect, useMemo, useState } from 'react'
import { z } from 'zod'
import type { FolderListing } from '../../preload/records.ts'
import { asCallError, call } from '../api/index.ts'
import { getSetting, setSetting } from '../shell/settings.ts'
import type { Purpose } from './choose.ts'
import { type Entry, inOrder } from './listing.ts'

interface Listed {
  listing: FolderListing | null
  /** In order; only folders where a folder to write to is chosen. */
  entries: readonly Entry[]
  busy: boolean
  /** Why the folder could not be shown; the last one stays. */
  error: string | null
  /** By handle, the allowed roots for null. */
  go: (folder: string | null) => Promise<boolean>
  goToPath: (path: string) => Promise<boolean>
  /** In the folder shown; goes into it. */
  makeFolder: (name: string) => Promise<boolean>
}

/** Where the picker begins, by what for: scans, exports and models lie in places of their own. */
const SETTINGS: Readonly<Record<Purpose, string>> = {
  'open-files': 'picker.openFolder',
  'open-folder': 'picker.openFolder',
  'export-folder': 'picker.exportFolder',
  'model-folder': 'picker.modelFolder',
  'model-file': 'picker.modelFolder',
}

/** The folder that the picker shows, beginning with the last one used for the same purpose. */
export function useListing(purpose: Purpose): Listed {
  const setting = SETTINGS[purpose]
  const [listing, setListing] = useState<FolderListing | null>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string | null>(null)

  const show = useCallback(
    async (find: () => Promise<string | null>) => {
      setBusy(true)
      try {
        const shown = await call('files.list', { folder: await find() })
        setListing(shown)
        setError(null)
        if (shown.path) setSetting(setting, shown.path)
        return true
      } catch (thrown) {
        setError(asCallError(thrown).message)
        return false
      } finally {
        setBusy(false)
      }
    },
    [setting],
  )
  const go = useCallback((folder: string | null) => show(async () => folder), [show])
  const goToPath = useCallback(
    (path: string) => show(async () => (path ? (await call('files.resolve', { path })).handle : null)),
    [show],
  )
  const makeFolder = (name: string) =>
    show(async () => {
      if (!listing) return null
      return (await call('files.makeFolder', { parent: listing.folder.handle, name })).handle
    })

  useEffect(() => {
    const last = getSetting(setting, z.string().min(1).nullable(), null)
    void (async () => {
      // The last folder may be gone: then the roots, without a word about it.
      if (last === null || !(await goToPath(last))) await go(null)
    })()
  }, [setting, go, goToPath])

  const entries = useMemo(() => {
    const all = inOrder(listing?.entries ?? [])
    return purpose === 'export-folder' ? all.filter(({ kind }) => kind === 'folder') : all
  }, [listing, purpose])
  return { listing, entries, busy, error, go, goToPath, makeFolder }
}
