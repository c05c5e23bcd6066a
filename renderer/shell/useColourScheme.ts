import { z } from 'zod'
import type { ColourScheme } from '../theme.ts'
import { getSetting, setSetting, useSetting } from './settings.ts'

const KEY = 'window.colourScheme'
const Scheme = z.enum(['dark', 'light'])

/** Dark by default, whatever the system prefers: images are read in the dark. */
export const useColourScheme = (): ColourScheme => useSetting(KEY, Scheme, 'dark')

export const setColourScheme = (scheme: ColourScheme): void => setSetting(KEY, scheme)

export function toggleColourScheme(): void {
  setColourScheme(getSetting(KEY, Scheme, 'dark') === 'dark' ? 'light' : 'dark')
}
