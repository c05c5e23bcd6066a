import { useEffect } from 'react'
import { registerCommands } from '../commands/registry.ts'
import { addSample } from '../library/adding.ts'
import { chooseAndAdd } from '../library/choose.ts'
import { closeSession, useSession } from '../state/session.ts'

/** What can be done with files from anywhere. */
export function useAppCommands(): void {
  useEffect(
    () =>
      registerCommands([
        { id: 'file.openFolder', group: 'file', keys: ['Mod+o'], run: () => chooseAndAdd('open-folder') },
        { id: 'file.openFiles', group: 'file', keys: ['Mod+Shift+o'], run: () => chooseAndAdd('open-files') },
        { id: 'file.sample', group: 'file', run: addSample },
        {
          id: 'file.close',
          group: 'file',
          enabled: () => useSession.getState().seriesId !== null,
          run: closeSession,
        },
      ]),
    [],
  )
}
