import type { DeviceEntry, WarningRecord } from '../../preload/records.ts'
import type { WorkstationError } from '../errors.ts'
import {
  DEVICE_LABEL,
  Device,
  type DeviceChoice,
  type Host,
  planDevices,
  thisHost,
} from '../inference/devices.ts'
import { type DeviceStatus, knownReason, probeDevices } from '../inference/probeDevices.ts'
import type { DeviceReport } from '../inference/protocol.ts'
import type { Events } from './events.ts'

/** Tries the devices of this computer; rejects after the signal. */
export type ProbeDevices = (signal: AbortSignal) => Promise<DeviceStatus[]>

export interface DevicesOptions {
  /** Told `devices.changed`. */
  events?: Events
  probe?: ProbeDevices | undefined
}

type Verdict = Pick<DeviceEntry, 'state' | 'notes'>

/** The window draws itself first: trying takes processors, two of which may be all there are. */
const PROBE_AFTER_MS = 3000

/**
 * The devices of this computer: what is certain without trying any, then what trying each in a process of its own
 * showed, and above both what a run has learned.
 */
export class Devices {
  readonly #host: Host
  readonly #events: Events | undefined
  readonly #probe: ProbeDevices
  readonly #ending = new AbortController()
  readonly #learned = new Map<string, Verdict>()
  #probed = new Map<Device, DeviceStatus>()
  #probing: Promise<DeviceEntry[]> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(host: Host = thisHost(), { events, probe }: DevicesOptions = {}) {
    this.#host = host
    this.#events = events
    this.#probe = probe ?? ((signal) => probeDevices({ host, signal }))
  }

  /** What a run has learned of a device. */
  learn(outcome: { device: string } & ({ report: DeviceReport } | { failure: WorkstationError })): void {
    this.#learned.set(
      outcome.device,
      'report' in outcome
        ? { state: 'available', notes: proof(outcome.report) }
        : { state: 'unavailable', notes: [said(outcome.failure)] },
    )
    this.#tell()
  }

  /** What is known now; at the first question, has the devices tried a moment later. */
  list(): DeviceEntry[] {
    if (!this.#timer && !this.#ending.signal.aborted)
      this.#timer = setTimeout(() => {
        if (this.#probed.size === 0) this.probe().catch(() => {})
      }, PROBE_AFTER_MS).unref()
    return this.#entries()
  }

  /** Tries all anew: what was installed or plugged in since then counts. Who asks while it goes on waits for the same. */
  probe(): Promise<DeviceEntry[]> {
    this.#probing ??= this.#try().finally(() => {
      this.#probing = undefined
    })
    return this.#probing
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#ending.abort()
    await this.#probing?.catch(() => {})
  }

  async #try(): Promise<DeviceEntry[]> {
    const learnedBefore = [...this.#learned.keys()]
    const statuses = await this.#probe(this.#ending.signal)
    this.#probed = new Map(statuses.map((status) => [status.device, status]))
    // What failed an hour ago may work by now; what works was proved by a model, which is more than a try shows.
    for (const device of learnedBefore) {
      const status = this.#probed.get(device as Device)
      if (this.#learned.get(device)?.state !== status?.state) this.#learned.delete(device)
    }
    this.#tell()
    return this.#entries()
  }

  #tell(): void {
    this.#events?.emit('devices.changed', this.#entries())
  }

  #entries(): DeviceEntry[] {
    const { candidates, warnings } = planDevices('auto', this.#host)
    const order = candidates.map((device) => DEVICE_LABEL[device]).join(', then ')
    const auto: DeviceEntry = {
      id: 'auto' satisfies DeviceChoice,
      label: 'The best that works',
      state: 'available',
      // An order is a sentence of its own: a translation names the devices in it.
      notes: [{ code: `device/tries-${candidates.join('-')}`, message: `Tries ${order}.` }, ...warnings],
      name: null,
      memory: null,
      driver: null,
    }
    const devices = Device.options.map((id) => {
      const label = DEVICE_LABEL[id]
      const { name = null, memory = null, driver = null } = this.#probed.get(id) ?? {}
      const verdict = this.#learned.get(id) ?? this.#tried(id) ?? this.#untried(id)
      return { id, label: label[0].toUpperCase() + label.slice(1), ...verdict, name, memory, driver }
    })
    return [auto, ...devices]
  }

  #tried(device: Device): Verdict | undefined {
    const status = this.#probed.get(device)
    if (!status) return undefined
    const { state, note, code = 'device/tried', values } = status
    if (note !== null) return { state, notes: [said({ code, message: note, values })] }
    const message = 'Each model must prove itself on it before its first use.'
    return { state, notes: [{ code: 'device/to-be-proved', message }] }
  }

  #untried(device: Device): Verdict {
    if (device === 'cpu')
      return {
        state: 'available',
        notes: [{ code: 'device/on-every-computer', message: 'Every computer has it.' }],
      }
    const certain = knownReason(device, this.#host)
    if (certain) {
      const { state, code, note, values } = certain
      return { state, notes: [{ code, message: note, values }] }
    }
    const message = 'Whether it works here shows when it is tried.'
    return { state: 'not-tried', notes: [{ code: 'device/not-tried', message }] }
  }
}

const said = ({
  code,
  message,
  values,
}: Pick<WorkstationError, 'message' | 'values'> & { code: string }): WarningRecord => ({
  code,
  message,
  ...(values ? { values } : {}),
})

function proof({
  threads,
  device,
  goldenDeviation,
  goldenTolerance: tolerance,
  partlyOnCpu,
}: DeviceReport): WarningRecord[] {
  const deviation = goldenDeviation.toExponential(1)
  const notes: WarningRecord[] = [
    {
      code: 'device/proved',
      message: `It computed the model's check tile as its author did (deviation ${deviation}, at most ${tolerance} accepted).`,
      values: { deviation, tolerance },
    },
  ]
  if (device === 'cpu')
    notes.push({
      code: threads === 1 ? 'device/one-thread' : 'device/threads',
      message: `${threads} ${threads === 1 ? 'thread' : 'threads'}.`,
      values: { threads },
    })
  if (partlyOnCpu)
    notes.push({ code: 'device/partly-on-cpu', message: 'Some operations run on the processor.' })
  return notes
}
