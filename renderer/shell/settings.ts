import type { z } from 'zod'
import { create } from 'zustand'
import type { CallInput } from '../../preload/contract.ts'
import { call } from '../api/index.ts'

type Json = CallInput<'settings.set'>['value']

interface SettingsState {
  loaded: boolean
  values: Readonly<Record<string, Json>>
}

/** Preferences of the window, as main keeps them. */
export const useSettings = create<SettingsState>(() => ({ loaded: false, values: {} }))

/** @throws CallError; the defaults hold then */
export async function loadSettings(): Promise<void> {
  const values = await call('settings.all', {})
  // What was changed while they were on their way is newer.
  useSettings.setState((state) => ({ loaded: true, values: { ...values, ...state.values } }))
}

/** Shown at once and stored behind it: a preference that is lost costs a click, not a reading. */
export function setSetting(key: string, value: Json): void {
  useSettings.setState(({ values }) => ({ values: { ...values, [key]: value } }))
  call('settings.set', { key, value }).catch(() => undefined)
}

function parsed<T>(values: SettingsState['values'], key: string, schema: z.ZodType<T>, fallback: T): T {
  const result = schema.safeParse(values[key])
  return result.success ? result.data : fallback
}

/** A preference; the fallback where it was never set, or by another version in another form. */
export function getSetting<T>(key: string, schema: z.ZodType<T>, fallback: T): T {
  return parsed(useSettings.getState().values, key, schema, fallback)
}

export function useSetting<T extends string | number | boolean>(
  key: string,
  schema: z.ZodType<T>,
  fallback: T,
): T {
  return useSettings(({ values }) => parsed(values, key, schema, fallback))
}
