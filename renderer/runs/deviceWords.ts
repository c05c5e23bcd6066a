import type { DeviceEntry } from '../../preload/records.ts'
import { t } from '../i18n/index.ts'
import { bytesWords } from '../library/words.ts'
import { mainWords } from '../words/main.ts'

const RANK = { available: 0, 'not-tried': 1, unavailable: 2 } as const

/** What a device is called, in the language of the window; a translation has it under `main.device-name/` and the id. */
export const deviceName = ({ id, label }: Pick<DeviceEntry, 'id' | 'label'>): string =>
  mainWords({ code: `device-name/${id}`, message: label })

/** The same of one that is known by its id; the id where this computer has none of that name. */
export function nameOfDevice(devices: readonly DeviceEntry[], id: string): string {
  const found = devices.find((device) => device.id === id)
  return found ? deviceName(found) : id
}

/** Whether it works, and what main says of it. */
export function deviceStateWords({ id, state, notes }: Pick<DeviceEntry, 'id' | 'state' | 'notes'>): string {
  const said = notes.map(mainWords).join(' ')
  return [id === 'auto' ? '' : t(`device.${state}`), said].filter(Boolean).join(': ')
}

/** The automatic choice, then what works, what was not tried, what cannot be had; each in main's order. */
export function inDeviceOrder(devices: readonly DeviceEntry[]): DeviceEntry[] {
  const rank = ({ id, state }: DeviceEntry) => (id === 'auto' ? -1 : RANK[state])
  return [...devices].sort((a, b) => rank(a) - rank(b))
}

/** `NVIDIA RTX A4000 · 16.0 GB memory, 12.1 GB free · driver 550.54`; '' where nothing is known. */
export function hardwareWords({ name, memory, driver }: DeviceEntry): string {
  const total = memory?.totalBytes ?? null
  const free = memory?.freeBytes ?? null
  const parts = [
    name,
    total !== null && free !== null
      ? t('device.memory', { total: bytesWords(total), free: bytesWords(free) })
      : total !== null && t('device.memoryTotal', { total: bytesWords(total) }),
    driver && t('device.driver', { version: driver }),
  ]
  return parts.filter(Boolean).join(' · ')
}
