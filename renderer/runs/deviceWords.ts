import type { DeviceEntry } from '../../preload/records.ts'
import { t } from '../i18n/index.ts'
import { bytesWords } from '../library/words.ts'

const RANK = { available: 0, 'not-tried': 1, unavailable: 2 } as const

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
