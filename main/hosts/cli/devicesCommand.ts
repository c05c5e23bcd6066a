import { WorkstationError } from '../../errors.ts'
import { DEVICE_LABEL, planDevices } from '../../inference/devices.ts'
import type { DeviceMemory } from '../../inference/machine.ts'
import { type DeviceStatus, probeDevices } from '../../inference/probeDevices.ts'
import type { CommandContext } from './execute.ts'
import { NOTICE } from './options.ts'
import { wrap } from './text.ts'

/** `devices`: what can be computed on here, and what is missing where it cannot. */
export async function devicesCommand({ print, signal, reporter }: CommandContext) {
  reporter.say('Trying each device …')
  const devices = await probeDevices({ signal }).catch((error) => {
    throw signal.aborted ? new WorkstationError('cancelled', 'Cancelled.') : error
  })
  const { candidates, warnings } = planDevices('auto')
  for (const device of devices) print(describe(device))
  const order = candidates.map((device) => DEVICE_LABEL[device]).join(', then ')
  print(`\n--device auto tries ${order}. --device webgpu,auto puts another on top of that order.`)
  for (const { message } of warnings) print(wrap(message))
  print(
    wrap(
      'Whichever it is: a device is used for a model only if it computes the model’s check tile as its author did.',
    ),
  )
  print(NOTICE)
  return { devices, auto: candidates, warnings }
}

function describe({ device, state, name, memory, driver, note }: DeviceStatus): string {
  const facts = [name, memoryText(memory), driver && `driver ${driver}`].filter(Boolean).join(', ')
  const lines = [`${device.padEnd(10)}${state.padEnd(13)}${facts}`.trimEnd()]
  const indent = ' '.repeat(10)
  if (note) lines.push(`${indent}${wrap(note, indent)}`)
  return lines.join('\n')
}

function memoryText(memory: DeviceMemory | null): string | null {
  if (!memory || memory.totalBytes === null) return null
  const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1)
  const free = memory.freeBytes === null ? '' : ` (${gigabytes(memory.freeBytes)} GB free)`
  return `${gigabytes(memory.totalBytes)} GB${free}`
}
