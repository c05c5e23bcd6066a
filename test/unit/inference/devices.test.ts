import { describe, expect, test } from 'vitest'
import {
  defaultThreads,
  explainUnavailable,
  type Host,
  planDevices,
} from '../../../main/inference/devices.ts'

const linux: Host = {
  platform: 'linux',
  arch: 'x64',
  cudaLibraryInstalled: false,
  nvidiaDriverPresent: false,
}

describe('planDevices', () => {
  test.each<[string, Host, string[]]>([
    ['Linux without a graphics card', linux, ['cpu']],
    ['Linux with the CUDA libraries', { ...linux, cudaLibraryInstalled: true }, ['cuda', 'cpu']],
    ['Linux on ARM', { ...linux, arch: 'arm64', cudaLibraryInstalled: true }, ['cpu']],
    ['Windows', { ...linux, platform: 'win32' }, ['dml', 'cpu']],
    ['macOS', { ...linux, platform: 'darwin', arch: 'arm64' }, ['cpu']],
  ])('auto on %s', (_, host, candidates) => {
    expect(planDevices('auto', host)).toEqual({ candidates, warnings: [] })
  })

  test('auto says when a graphics card lies idle for want of the CUDA libraries', () => {
    const plan = planDevices('auto', { ...linux, nvidiaDriverPresent: true })
    expect(plan.candidates).toEqual(['cpu'])
    expect(plan.warnings.map((w) => w.code)).toEqual(['device-cuda-not-installed'])
  })

  test('a named device is the only candidate: it never becomes another one', () => {
    expect(planDevices('tensorrt', linux).candidates).toEqual(['tensorrt'])
  })
})

describe('explainUnavailable puts what ONNX Runtime says in plain words', () => {
  // Messages as onnxruntime-node 1.30.0 gives them.
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
  ] as const)('%s', (device, message, words) => {
    expect(explainUnavailable(device, message)).toMatch(words)
  })

  test('what it does not know it repeats, in one line', () => {
    expect(explainUnavailable('cuda', 'strange fault 17\n  at somewhere')).toBe('strange fault 17')
  })
})

describe('defaultThreads', () => {
  test('counts a core with two hyper-threads once', () => {
    expect(defaultThreads('linux', 'x64', 8, ['0,4', '1,5', '2,6', '3,7', '0,4', '1,5', '2,6', '3,7'])).toBe(
      4,
    )
  })

  test('never exceeds what the process may use', () => {
    expect(defaultThreads('linux', 'x64', 2, ['0', '1', '2', '3'])).toBe(2)
  })

  test('halves the logical processors of Windows on x64, keeps those of a Mac, and is never 0', () => {
    expect(defaultThreads('win32', 'x64', 12)).toBe(6)
    expect(defaultThreads('win32', 'x64', 1)).toBe(1)
    expect(defaultThreads('darwin', 'arm64', 10)).toBe(10)
  })
})
