import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { Warning } from '../errors.ts'

/** Execution providers of ONNX Runtime, by the names its Node binding takes. */
export const Device = z.enum(['cpu', 'cuda', 'tensorrt', 'dml', 'coreml', 'webgpu'])
export type Device = z.infer<typeof Device>

/** What a user may ask for: one device, or `auto` for the best that works. */
export const DeviceChoice = z.enum(['auto', ...Device.options])
export type DeviceChoice = z.infer<typeof DeviceChoice>

/** What a user prefers: one choice, or several in the order to try, such as ['webgpu', 'auto']. */
export type DevicePreference = DeviceChoice | readonly DeviceChoice[]

/** As a user writes it and `run.json` records it: `webgpu,auto`. */
export function preferenceText(preference: DevicePreference): string {
  return [preference].flat().join(',')
}

/** What `preferenceText` wrote; undefined where it names something that is no device. */
export function readPreference(text: string): DeviceChoice[] | undefined {
  const choices = text.split(',').map((name) => DeviceChoice.safeParse(name.trim()).data)
  return choices.every((choice) => choice !== undefined) ? [...new Set(choices)] : undefined
}

/** Names as a user reads them. */
export const DEVICE_LABEL: Record<Device, string> = {
  cpu: 'the processor (CPU)',
  cuda: 'the NVIDIA graphics card (CUDA)',
  tensorrt: 'the NVIDIA graphics card (TensorRT)',
  dml: 'the graphics card (DirectML)',
  coreml: 'CoreML',
  webgpu: 'the graphics card (WebGPU)',
}

/** The facts of a machine that decide what `auto` tries; a parameter, so that every platform can be tested on one. */
export interface Host {
  platform: NodeJS.Platform
  arch: string
  /** ONNX Runtime's CUDA provider is a separate download (onnxruntime-node README, "CUDA EP Installation"). */
  cudaLibraryInstalled: boolean
  nvidiaDriverPresent: boolean
}

export interface DevicePlan {
  /** In the order to try; never empty. */
  candidates: Device[]
  warnings: Warning[]
}

/** Of the kernel module; of Windows's driver, as Linux sees it inside Windows (WSL 2). */
const NVIDIA_DRIVER = ['/proc/driver/nvidia/version', '/usr/lib/wsl/lib/libcuda.so.1']

export function thisHost(): Host {
  const { platform, arch } = process
  const linux = platform === 'linux'
  return {
    platform,
    arch,
    cudaLibraryInstalled: linux && existsSync(join(runtimeFolder(), 'libonnxruntime_providers_cuda.so')),
    nvidiaDriverPresent: linux && NVIDIA_DRIVER.some((path) => existsSync(path)),
  }
}

/** The folder of onnxruntime-node's native files for this platform. */
export function runtimeFolder(): string {
  const manifest = createRequire(import.meta.url).resolve('onnxruntime-node/package.json')
  return join(dirname(manifest), 'bin', 'napi-v6', process.platform, process.arch)
}

/**
 * What to try for a preference, in its order. A device that stands alone is the only one: it never becomes another.
 * `auto` is what is known to run 3-D convolutions on the platform, and always ends with the CPU; every other provider
 * is tried only when named:
 * - tensorrt builds its engine for minutes at the first start;
 * - coreml has no 3-D convolution (its Conv is 1-D and 2-D), so the network would run on the CPU under another name;
 * - webgpu has a naive 3-D convolution and is experimental in the Node binding.
 */
export function planDevices(preference: DevicePreference, host: Host = thisHost()): DevicePlan {
  const plans = [preference].flat().map((choice) => planChoice(choice, host))
  return {
    candidates: [...new Set(plans.flatMap(({ candidates }) => candidates))],
    warnings: plans.flatMap(({ warnings }) => warnings),
  }
}

function planChoice(choice: DeviceChoice, host: Host): DevicePlan {
  if (choice !== 'auto') return { candidates: [choice], warnings: [] }
  if (host.platform === 'win32') return { candidates: ['dml', 'cpu'], warnings: [] }
  if (host.platform === 'linux' && host.arch === 'x64') {
    if (host.cudaLibraryInstalled) return { candidates: ['cuda', 'cpu'], warnings: [] }
    if (host.nvidiaDriverPresent) {
      const message =
        'This machine has an NVIDIA graphics card, but the CUDA part of ONNX Runtime is not installed, so the ' +
        'processor is used. The README says how to install it.'
      return { candidates: ['cpu'], warnings: [{ code: 'device-cuda-not-installed', message }] }
    }
  }
  return { candidates: ['cpu'], warnings: [] }
}

/** Where ONNX Runtime's Node binding has a provider at all (onnxruntime-node 1.30 README, "Requirements"). */
export function isSupported(device: Device, { platform, arch }: Host = thisHost()): boolean {
  if (device === 'cuda' || device === 'tensorrt') return platform === 'linux' && arch === 'x64'
  if (device === 'dml') return platform === 'win32'
  if (device === 'coreml') return platform === 'darwin'
  if (device === 'webgpu') return !(platform === 'linux' && arch !== 'x64')
  return true
}

/**
 * Threads for a CPU run where the user named none: the number of physical cores this process may use (hyper-threads
 * share the arithmetic units that convolutions keep busy). Linux says which logical CPUs are siblings; on Windows the
 * logical count is halved where x64 processors usually have two threads a core; Apple's have one.
 *
 * @param siblings on Linux, the sibling list of each logical CPU, one string per CPU
 */
export function defaultThreads(
  platform: NodeJS.Platform = process.platform,
  arch: string = process.arch,
  logical: number = availableParallelism(),
  siblings: string[] = platform === 'linux' ? threadSiblings() : [],
): number {
  if (platform === 'linux' && siblings.length > 0) return Math.min(new Set(siblings).size, logical)
  if (platform === 'win32' && arch === 'x64') return Math.max(1, Math.floor(logical / 2))
  return logical
}

/** Linux, Documentation/admin-guide/cputopology.rst: the CPUs of one core have equal thread_siblings_list. */
function threadSiblings(): string[] {
  const lists: string[] = []
  for (let cpu = 0; ; cpu++) {
    const file = `/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`
    if (!existsSync(file)) return lists
    lists.push(readFileSync(file, 'utf8').trim())
  }
}
