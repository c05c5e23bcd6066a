import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { type Device, runtimeFolder } from './devices.ts'

/**
 * Shared libraries that a provider of ONNX Runtime 1.30 on Linux loads, by what a user installs
 * (onnxruntime.ai, "CUDA Execution Provider", requirements: CUDA 12, cuDNN 9; TensorRT 10).
 */
interface Requirement {
  /** As it stands in a sentence. */
  what: string
  remedy: string
  libraries: readonly string[]
}

const DRIVER: Requirement = {
  what: 'the NVIDIA driver',
  remedy: 'Install the driver of the graphics card.',
  libraries: ['libcuda.so.1'],
}
/** ONNX Runtime's own part; the package registry has no room for it. */
const provider = (name: string): Requirement => ({
  what: 'the CUDA part of ONNX Runtime',
  remedy: '`npm run cuda` fetches it.',
  libraries: [`libonnxruntime_providers_${name}.so`],
})
const CUDA: Requirement = {
  what: 'CUDA 12',
  remedy: 'Install the CUDA 12 runtime libraries.',
  libraries: ['libcudart.so.12', 'libcublasLt.so.12', 'libcublas.so.12', 'libcurand.so.10', 'libcufft.so.11'],
}
const CUDNN: Requirement = {
  what: 'cuDNN 9',
  remedy: 'Install cuDNN 9 for CUDA 12.',
  libraries: ['libcudnn.so.9'],
}
const TENSORRT: Requirement = {
  what: 'TensorRT 10',
  remedy: 'Install TensorRT 10 for CUDA 12.',
  libraries: ['libnvinfer.so.10', 'libnvonnxparser.so.10'],
}

/** In the order to install them. */
export const REQUIREMENTS: Partial<Record<Device, readonly Requirement[]>> = {
  cuda: [provider('cuda'), DRIVER, CUDA, CUDNN],
  tensorrt: [provider('tensorrt'), DRIVER, CUDA, CUDNN, TENSORRT],
}

/** A file that a message of the system's loader names as missing, on Linux and Windows. */
const MISSING = [
  /(?:^|[\s/])(lib[\w+.-]+?\.so[\d.]*): cannot open shared object file/,
  /which depends on "([^"]+\.dll)" which is missing/i,
]

/** @returns the reason without a full stop, or undefined where the message names no missing library */
export function explainMissingLibrary(message: string): string | undefined {
  const file = MISSING.map((pattern) => pattern.exec(message)?.[1]).find((found) => found !== undefined)
  if (file === undefined) return undefined
  if (/^(lib)?onnxruntime_providers_/.test(file))
    return `the CUDA part of ONNX Runtime (${file}) is not installed; \`npm run cuda\` fetches it`
  const product = [
    { what: 'the NVIDIA driver', pattern: /^(lib)?(nv)?cuda\.(so|dll)/ },
    { what: 'cuDNN 9', pattern: /^(lib)?cudnn/ },
    { what: 'TensorRT 10', pattern: /^(lib)?nv(infer|onnxparser)/ },
    { what: 'CUDA 12', pattern: /^(lib)?(cudart|cublas|cufft|curand|cusparse|cusolver|nvrtc|nvJitLink)/ },
    { what: 'Vulkan', pattern: /^libvulkan/ },
  ].find(({ pattern }) => pattern.test(file))
  return product ? `${product.what} is not installed (${file} is missing)` : `the library ${file} is missing`
}

/** Asks the loader for a library. Only in a process that may crash: its initialisers run. */
export function canLoad(library: string): boolean {
  // ONNX Runtime opens its own by path, once it is itself there.
  if (library.startsWith('libonnxruntime_')) return existsSync(join(runtimeFolder(), library))
  try {
    process.dlopen({ exports: {} }, library, constants.dlopen.RTLD_LAZY)
    return true
  } catch (error) {
    // A library that loads is still no module of Node, which is what dlopen complains of then.
    return !/cannot open shared object file/.test(String(error))
  }
}

/** @returns what is missing of CUDA, cuDNN, TensorRT and the driver, in one reason; undefined where all is there */
export function missingRequirements(
  device: Device,
  {
    platform = process.platform,
    loads = canLoad,
  }: { platform?: NodeJS.Platform; loads?: (library: string) => boolean } = {},
): string | undefined {
  if (platform !== 'linux') return undefined
  const lacking = (REQUIREMENTS[device] ?? []).flatMap(({ what, remedy, libraries }) => {
    const absent = libraries.filter((library) => !loads(library))
    return absent.length > 0 ? [{ what, remedy, absent }] : []
  })
  if (lacking.length === 0) return undefined
  const list = lacking.map(({ what, absent }) => `${what} (${absent.join(', ')})`)
  const last = list.pop()!
  const all = list.length > 0 ? `${list.join(', ')} and ${last} are` : `${last} is`
  return `${all} not installed. ${lacking.map(({ remedy }) => remedy).join(' ')}`.replace(/\.$/, '')
}

/** What says that memory ran short, on every provider: E_OUTOFMEMORY of Direct3D, CUDA error 2, the arena's own words. */
const OUT_OF_MEMORY =
  /out of memory|out_of_memory|OUTOFMEMORY|8007000E|CUDA failure 2\b|bad_alloc|Failed to allocate|MEMORY_ALLOCATION|Could not allocate|Array buffer allocation failed/i

export function isOutOfMemory(runtimeMessage: string): boolean {
  return OUT_OF_MEMORY.test(runtimeMessage)
}

/** Why ONNX Runtime could not use a device, in plain words; its own words where none of the known reasons fits. */
export function explainUnavailable(device: Device, runtimeMessage: string): string {
  const platform = `${process.platform} ${process.arch}`
  if (/backend not found/i.test(runtimeMessage))
    return `ONNX Runtime has no ${device} support on this platform (${platform})`
  if (/driver version is insufficient|CUDA failure 35\b|cudaErrorInsufficientDriver/i.test(runtimeMessage))
    return 'the graphics driver is too old for CUDA 12; install a newer one'
  if (/no CUDA-capable device|cudaErrorNoDevice|CUDA failure 100\b/i.test(runtimeMessage))
    return 'no CUDA-capable graphics card was found'
  if (/no supported adapters|failed to get a webgpu adapter/i.test(runtimeMessage))
    return 'no graphics adapter that WebGPU can use was found'
  const missing = explainMissingLibrary(runtimeMessage)
  if (missing) return missing
  if (/failed to load shared library/i.test(runtimeMessage))
    return `the ${device} libraries are not installed on this machine`
  if (/CUDNN_STATUS_NOT_INITIALIZED|CUDNN failure/i.test(runtimeMessage))
    return 'cuDNN could not be started; its version must fit CUDA 12 and the driver'
  if (isOutOfMemory(runtimeMessage)) return 'it does not have enough free memory'
  return runtimeMessage.trim().split('\n')[0]!.slice(0, 200) || 'ONNX Runtime gave no reason'
}
