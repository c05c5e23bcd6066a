import { describe, expect, test } from 'vitest'
import {
  defaultThreads,
  type Host,
  isSupported,
  planDevices,
  preferenceText,
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

  test('a preference puts the user’s choice on top of the order, and names no device twice', () => {
    const withCuda = { ...linux, cudaLibraryInstalled: true }
    expect(planDevices(['webgpu', 'auto'], withCuda).candidates).toEqual(['webgpu', 'cuda', 'cpu'])
    expect(planDevices(['cuda', 'auto'], withCuda).candidates).toEqual(['cuda', 'cpu'])
    expect(planDevices(['tensorrt', 'cuda'], withCuda).candidates).toEqual(['tensorrt', 'cuda'])
    expect(preferenceText(['webgpu', 'auto'])).toBe('webgpu,auto')
  })
})

test('a provider is offered only where the Node binding has it', () => {
  const on = (platform: NodeJS.Platform, arch = 'x64') =>
    (['cpu', 'cuda', 'tensorrt', 'dml', 'coreml', 'webgpu'] as const).filter((device) =>
      isSupported(device, { ...linux, platform, arch }),
    )
  expect(on('linux')).toEqual(['cpu', 'cuda', 'tensorrt', 'webgpu'])
  expect(on('linux', 'arm64')).toEqual(['cpu'])
  expect(on('win32')).toEqual(['cpu', 'dml', 'webgpu'])
  expect(on('darwin', 'arm64')).toEqual(['cpu', 'coreml', 'webgpu'])
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
