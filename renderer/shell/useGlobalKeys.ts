import { useEffect } from 'react'
import { keepKeys } from '../commands/keepKeys.ts'
import { useCommands } from '../commands/registry.ts'
import { t } from '../i18n/index.ts'
import { keyHandler } from './keyHandler.ts'
import { notifyError } from './notify.tsx'
import { IS_MAC } from './platform.ts'

/** Runs the commands of the registry by their keys, wherever the focus is. */
export function useGlobalKeys(): void {
  useEffect(() => {
    const { down, up, blur } = keyHandler({
      commands: () => useCommands.getState().commands,
      mac: IS_MAC,
      dialogOpen: () => document.querySelector('[aria-modal="true"]') !== null,
      onError: ({ id }, thrown) => notifyError(t(`command.${id}`), thrown),
    })
    window.addEventListener('keydown', down)
    window.addEventListener('keyup', up)
    window.addEventListener('blur', blur)
    const endKeeping = keepKeys()
    return () => {
      endKeeping()
      blur()
      window.removeEventListener('keydown', down)
      window.removeEventListener('keyup', up)
      window.removeEventListener('blur', blur)
    }
  }, [])
}
