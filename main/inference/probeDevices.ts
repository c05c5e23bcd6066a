import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ErrorValues } from '../errors.ts'
import { type ChildHandle, forkChild } from '../processes/childProcess.ts'
import { Device, type Host, isSupported, runtimeFolder, thisHost } from './devices.ts'
import { type DeviceMemory, type Hardware, type MachineHardware, machineHardware } from './machine.ts'
import { ProbeReply } from './protocol.ts'
import { explainMissingLibrary } from './unavailable.ts'

export interface DeviceStatus {
  device: Device
  /** Of the processor or card, as its maker calls it; null where the system does not say. */
  name: string | null
  memory: DeviceMemory | null
  driver: string | null
  state: 'available' | 'unavailable'
  /** One or two sentences: why not, or what is to be known of it; null where there is nothing to say. */
  note: string | null
  /** Of the note, for a window that says it in another language. */
  code?: string
  values?: ErrorValues
}

export interface ProbeOptions {
  devices?: readonly Device[]
  host?: Host
  hardware?: () => Promise<MachineHardware>
  /** How to start a probe; Node's fork where absent. */
  spawn?: () => ChildHandle
  timeoutMs?: number
  signal?: AbortSignal
}

export const PROBE_ENTRY = fileURLToPath(new URL('./deviceProbe.ts', import.meta.url))

/** TensorRT compiles even the smallest network for some seconds. */
const TIMEOUT_MS = 30_000

/** What a provider on Linux is a library of its own for. */
const PROVIDER_LIBRARY: Partial<Record<Device, string>> = {
  cuda: 'libonnxruntime_providers_cuda.so',
  tensorrt: 'libonnxruntime_providers_tensorrt.so',
}

/**
 * Tries devices with a network of one 3-D convolution, each in a process of its own, at once. A crash or a hang is an
 * answer like any other. What is certain beforehand is not tried. That a device is available does not say that it is
 * trusted with a package: the package's check tile does, at every start of a session.
 */
export async function probeDevices({
  devices = Device.options,
  host = thisHost(),
  hardware = machineHardware,
  spawn = () => forkChild(PROBE_ENTRY),
  timeoutMs = TIMEOUT_MS,
  signal,
}: ProbeOptions = {}): Promise<DeviceStatus[]> {
  const machine = hardware()
  return Promise.all(
    devices.map(async (device) => {
      const certain = knownReason(device, host)
      const [outcome, facts] = await Promise.all([
        certain === undefined ? probe(device, spawn, timeoutMs, signal) : certain,
        machine,
      ])
      const { name = null, memory = null, driver = null } = hardwareOf(device, facts) ?? {}
      return { device, name, memory, driver, ...outcome }
    }),
  )
}

function hardwareOf(device: Device, { cpu, nvidia, graphics }: MachineHardware): Hardware | null {
  if (device === 'cpu') return cpu
  return device === 'cuda' || device === 'tensorrt' ? nvidia : graphics
}

/** Why a device cannot be had, where that is certain without trying it. */
export function knownReason(device: Device, host: Host): Refusal | undefined {
  const { platform, arch, nvidiaDriverPresent, cudaLibraryInstalled } = host
  if (!isSupported(device, host))
    return no(
      'device/unsupported',
      `ONNX Runtime has no support for it on this platform (${platform} ${arch}).`,
      {
        platform,
        arch,
      },
    )
  const library = PROVIDER_LIBRARY[device]
  if (library === undefined) return undefined
  if (device === 'cuda' ? cudaLibraryInstalled : existsSync(join(runtimeFolder(), library))) return undefined
  const missing = sentence(explainMissingLibrary(`${library}: cannot open shared object file`)!)
  return nvidiaDriverPresent
    ? no('device/library-missing', missing, { library })
    : no('device/driver-missing', `No NVIDIA driver is installed on this computer. ${missing}`, { library })
}

type Outcome = Pick<DeviceStatus, 'state' | 'note' | 'code' | 'values'>

export interface Refusal {
  state: 'unavailable'
  note: string
  code: string
  values: ErrorValues
}

function probe(
  device: Device,
  spawn: () => ChildHandle,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const child = spawn()
    let reply: ProbeReply | undefined
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill()
    }, timeoutMs)
    const abort = () => child.kill()
    signal?.addEventListener('abort', abort, { once: true })
    child.onMessage((message) => {
      reply = ProbeReply.safeParse(message).data
    })
    // At its end, when what it printed is whole. How it ends does not count once it has answered: graphics runtimes
    // are known to fall over when they are taken down.
    child.onExit((exit) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      if (signal?.aborted) return reject(signal.reason)
      if (!reply && late) {
        const seconds = Math.round(timeoutMs / 1000)
        return resolve(no('device/no-answer', `Its driver did not answer within ${seconds} s.`, { seconds }))
      }
      if (!reply) {
        const how = exit.signal ? `ended by ${exit.signal}` : `exit code ${exit.code}`
        return resolve(no('device/crashed', `Its driver crashed when it was tried (${how}).`, { how }))
      }
      if (!reply.works) {
        // The log knows which library it was; the exception only that one was missing.
        const precise = /not installed/.test(reply.reason) ? undefined : explainMissingLibrary(exit.stderr)
        const reason = /^ONNX|adapter/.test(reply.reason) ? reply.reason : (precise ?? reply.reason)
        return resolve(no('device/unusable', sentence(reason), { reason }))
      }
      const note = '3-D convolutions do not exist on it and run on the processor.'
      resolve({
        state: 'available',
        ...(reply.partlyOnCpu ? { note, code: 'device/convolutions-on-cpu' } : { note: null }),
      })
    })
    child.send(device)
  })
}

function no(code: string, note: string, values: ErrorValues): Refusal {
  return { state: 'unavailable', note, code, values }
}

function sentence(reason: string): string {
  const first = reason.startsWith('cuDNN') ? 'c' : reason[0].toUpperCase()
  return `${first}${reason.slice(1)}.`
}
