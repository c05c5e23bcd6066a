import { describe, expect, test } from 'vitest'
import {
  canLoad,
  explainUnavailable,
  isOutOfMemory,
  missingRequirements,
} from '../../../main/inference/unavailable.ts'

describe('explainUnavailable puts what ONNX Runtime says in plain words', () => {
  const load = 'Failed to load library /app/libonnxruntime_providers_cuda.so with error: '
  const absent = ': cannot open shared object file: No such file or directory'
  // The first three as onnxruntime-node 1.30.0 gave them; the others as its sources and the loader's word them.
  test.each([
    ['dml', 'no available backend found. ERR: [dml] backend not found.', /has no dml support/],
    [
      'cuda',
      'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library',
      /cuda libraries are not installed/,
    ],
    [
      'webgpu',
      'webgpu_context.cc:136 … Failed to get a WebGPU adapter: No supported adapters\n',
      /no graphics adapter/,
    ],
    [
      'cuda',
      `Failed to load library /app/libonnxruntime_providers_shared.so with error: /app/libonnxruntime_providers_shared.so${absent}`,
      /CUDA part of ONNX Runtime \(libonnxruntime_providers_shared\.so\) is not installed; `npm run cuda`/,
    ],
    [
      'cuda',
      `${load}libcublasLt.so.12${absent}`,
      /^CUDA 12 is not installed \(libcublasLt\.so\.12 is missing\)$/,
    ],
    ['cuda', `${load}libcudart.so.12${absent}`, /^CUDA 12 is not installed/],
    ['cuda', `${load}libcudnn.so.9${absent}`, /^cuDNN 9 is not installed \(libcudnn\.so\.9/],
    ['cuda', `${load}libcuda.so.1${absent}`, /^the NVIDIA driver is not installed/],
    ['tensorrt', `${load}libnvinfer.so.10${absent}`, /^TensorRT 10 is not installed/],
    [
      'cuda',
      'Error loading "C:\\app\\onnxruntime_providers_cuda.dll" which depends on "cudnn64_9.dll" which is missing.',
      /^cuDNN 9 is not installed \(cudnn64_9\.dll is missing\)$/,
    ],
    [
      'cuda',
      'CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=0',
      /driver is too old/,
    ],
    [
      'cuda',
      'CUDA failure 100: no CUDA-capable device is detected ; GPU=-1',
      /no CUDA-capable graphics card/,
    ],
  ] as const)('%s: %s', (device, message, words) => {
    expect(explainUnavailable(device, message)).toMatch(words)
  })

  test('what it does not know it repeats, in one line', () => {
    expect(explainUnavailable('cuda', 'strange fault 17\n  at somewhere')).toBe('strange fault 17')
  })
})

test.each([
  ['CUDA failure 2: out of memory ; GPU=0', true],
  ['CUDNN_FE failure 11: ALLOC … Failed to allocate memory for requested buffer of size 905969664', true],
  ['887A0005 … E_OUTOFMEMORY', true],
  ['std::bad_alloc', true],
  ['CUDA failure 201: invalid device context', false],
])('a shortage of memory is told from other faults: %s', (message, is) => {
  expect(isOutOfMemory(message)).toBe(is)
})

describe('missingRequirements names everything that CUDA lacks at once', () => {
  const lacking = (device: 'cuda' | 'tensorrt' | 'webgpu', there: RegExp) =>
    missingRequirements(device, { platform: 'linux', loads: (library) => there.test(library) })

  test('only cuDNN', () => {
    expect(
      lacking('cuda', /^lib(onnxruntime_providers_cuda|cuda|cudart|cublas|cublasLt|curand|cufft)\.so/),
    ).toBe('cuDNN 9 (libcudnn.so.9) is not installed. Install cuDNN 9 for CUDA 12')
  })

  test('driver and CUDA', () => {
    expect(lacking('cuda', /onnxruntime|cudnn|cufft|curand|cudart/)).toBe(
      'the NVIDIA driver (libcuda.so.1) and CUDA 12 (libcublasLt.so.12, libcublas.so.12) are not installed. ' +
        'Install the driver of the graphics card. Install the CUDA 12 runtime libraries',
    )
  })

  test('only ONNX Runtime’s own part', () => {
    expect(lacking('cuda', /libcu/)).toBe(
      'the CUDA part of ONNX Runtime (libonnxruntime_providers_cuda.so) is not installed. `npm run cuda` fetches it',
    )
  })

  test('TensorRT beside CUDA', () => {
    expect(lacking('tensorrt', /cu|onnxruntime/)).toMatch(
      /^TensorRT 10 \(libnvinfer\.so\.10, libnvonnxparser\.so\.10\) is/,
    )
  })

  test('nothing, and what needs none of it', () => {
    expect(lacking('cuda', /./)).toBeUndefined()
    expect(lacking('webgpu', /^$/)).toBeUndefined()
    expect(missingRequirements('cuda', { platform: 'win32', loads: () => false })).toBeUndefined()
  })

  test.runIf(process.platform === 'linux')('the loader itself is asked', () => {
    expect(canLoad('libm.so.6')).toBe(true)
    expect(canLoad('libno-such-thing.so.7')).toBe(false)
  })
})
