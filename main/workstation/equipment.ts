import type { DeviceEntry, ModelEntry } from '../../preload/records.ts'
import { WorkstationError } from '../errors.ts'
import {
  DEVICE_LABEL,
  Device,
  type DeviceChoice,
  type Host,
  planDevices,
  thisHost,
} from '../inference/devices.ts'
import type { ModelPackage } from '../inference/package.ts'
import type { DeviceReport } from '../inference/protocol.ts'
import { DEFAULT_MODEL, findModel, installedModels } from '../screening/models.ts'

/** The models that are installed and whole; a damaged one is not offered. */
export async function listModels(folder?: string): Promise<ModelEntry[]> {
  const listings = await installedModels(folder)
  return listings.flatMap((listing) => {
    if (!listing.ok) return []
    const { manifest, hash } = listing.package
    const { name, version, title, licence, intendedUse, provenance, limitations, trainingData } = manifest
    const isDefault = name === DEFAULT_MODEL
    return [
      { name, version, title, licence, intendedUse, provenance, limitations, trainingData, hash, isDefault },
    ]
  })
}

/** An installed model by its name. @throws WorkstationError `usage/model-not-found`, `model/…` */
export async function installedModel(name: string = DEFAULT_MODEL, folder?: string): Promise<ModelPackage> {
  // `findModel` takes paths too, which a window must not name.
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name))
    throw new WorkstationError('usage/model-not-found', `There is no model named ${name}.`)
  return findModel(name, folder)
}

/** Where ONNX Runtime's Node binding has a provider at all (onnxruntime-node README, "Supported platforms"). */
const PLATFORMS: Readonly<Record<Device, (host: Host) => boolean>> = {
  cpu: () => true,
  cuda: ({ platform, arch }) => platform === 'linux' && arch === 'x64',
  tensorrt: ({ platform, arch }) => platform === 'linux' && arch === 'x64',
  dml: ({ platform }) => platform === 'win32',
  coreml: ({ platform }) => platform === 'darwin',
  webgpu: () => true,
}

/** What is known of the devices of this computer, without trying any: a try takes seconds and may crash a driver. */
export class Devices {
  readonly #host: Host
  readonly #known = new Map<string, Pick<DeviceEntry, 'state' | 'note'>>()

  constructor(host: Host = thisHost()) {
    this.#host = host
  }

  /** What a run has learned of a device. */
  learn(outcome: { device: string } & ({ report: DeviceReport } | { failure: string })): void {
    this.#known.set(
      outcome.device,
      'report' in outcome
        ? { state: 'available', note: proof(outcome.report) }
        : { state: 'unavailable', note: outcome.failure },
    )
  }

  list(): DeviceEntry[] {
    const { candidates, warnings } = planDevices('auto', this.#host)
    const order = candidates.map((device) => DEVICE_LABEL[device]).join(', then ')
    const auto: DeviceEntry = {
      id: 'auto' satisfies DeviceChoice,
      label: 'The best that works',
      state: 'available',
      note: [`Tries ${order}.`, ...warnings.map(({ message }) => message)].join(' '),
    }
    const devices = Device.options.map((id) => {
      const label = DEVICE_LABEL[id]
      return {
        id,
        label: label[0].toUpperCase() + label.slice(1),
        ...(this.#known.get(id) ?? this.#unproved(id)),
      }
    })
    return [auto, ...devices]
  }

  #unproved(device: Device): Pick<DeviceEntry, 'state' | 'note'> {
    const { platform, arch, cudaLibraryInstalled, nvidiaDriverPresent } = this.#host
    if (device === 'cpu') return { state: 'available', note: 'Every computer has it.' }
    if (!PLATFORMS[device](this.#host))
      return {
        state: 'unavailable',
        note: `ONNX Runtime has no support for it on this platform (${platform} ${arch}).`,
      }
    const nvidia = device === 'cuda' || device === 'tensorrt'
    if (nvidia && !nvidiaDriverPresent)
      return { state: 'unavailable', note: 'No NVIDIA driver is installed on this computer.' }
    if (nvidia && !cudaLibraryInstalled)
      return {
        state: 'unavailable',
        note: 'The CUDA part of ONNX Runtime is not installed. The README says how to install it.',
      }
    return { state: 'not-tried', note: 'Whether it works here shows when a screening runs on it.' }
  }
}

function proof({ threads, device, goldenDeviation, goldenTolerance, partlyOnCpu }: DeviceReport): string {
  const parts = [
    `It computed the model's check tile as its author did (deviation ${goldenDeviation.toExponential(1)}, at most ${goldenTolerance} accepted).`,
  ]
  if (device === 'cpu') parts.push(`${threads} ${threads === 1 ? 'thread' : 'threads'}.`)
  if (partlyOnCpu) parts.push('Some operations run on the processor.')
  return parts.join(' ')
}
