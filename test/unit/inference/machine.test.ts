import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  machineHardware,
  parseNvidiaSmi,
  parseSystemProfiler,
  parseVideoControllers,
} from '../../../main/inference/machine.ts'
import { temporaryFolder } from './packages.ts'

const MIB = 2 ** 20
const absent = () => Promise.reject(new Error('ENOENT'))

describe('graphics cards, as each system tells of them', () => {
  test('nvidia-smi', () => {
    expect(
      parseNvidiaSmi('NVIDIA RTX A4000, 570.86.15, 16376, 15900\nNVIDIA T4, 570.86.15, 15360, 15000\n'),
    ).toEqual({
      name: 'NVIDIA RTX A4000',
      driver: '570.86.15',
      memory: { totalBytes: 16376 * MIB, freeBytes: 15900 * MIB },
    })
    expect(parseNvidiaSmi('NVIDIA GB10, 580.9, [N/A], [N/A]')?.memory).toEqual({
      totalBytes: null,
      freeBytes: null,
    })
    expect(parseNvidiaSmi('')).toBeNull()
    expect(
      parseNvidiaSmi('NVIDIA-SMI has failed because it could not communicate with the driver.'),
    ).toBeNull()
  })

  test('the kernel module of Linux, where nvidia-smi is not installed', async () => {
    const root = await temporaryFolder(onTestFinished)
    const card = join(root, 'proc/driver/nvidia/gpus/0000:01:00.0')
    await mkdir(card, { recursive: true })
    await writeFile(
      join(root, 'proc/driver/nvidia/version'),
      'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build\nGCC version:  gcc 12\n',
    )
    await writeFile(join(card, 'information'), 'Model: \t\t NVIDIA GeForce RTX 3060\nIRQ:   \t\t 46\n')
    const { nvidia } = await machineHardware({ platform: 'linux', run: absent, root })
    expect(nvidia).toEqual({ name: 'NVIDIA GeForce RTX 3060', driver: '570.86.15', memory: null })
  })

  test('Windows: the card with the most memory; from 4 GB on it does not say how much', () => {
    const own = { Name: 'Intel(R) UHD Graphics', AdapterRAM: 1073741824, DriverVersion: '31.0.101.1' }
    const card = { Name: 'AMD Radeon Pro', AdapterRAM: 4293918720, DriverVersion: '32.0.1' }
    expect(parseVideoControllers(JSON.stringify([own, card]))).toEqual({
      name: 'AMD Radeon Pro',
      driver: '32.0.1',
      memory: null,
    })
    expect(parseVideoControllers(JSON.stringify(own))?.memory).toEqual({
      totalBytes: 1073741824,
      freeBytes: null,
    })
    expect(parseVideoControllers('')).toBeNull()
  })

  test('macOS', () => {
    const answer = (card: object) => JSON.stringify({ SPDisplaysDataType: [card] })
    expect(parseSystemProfiler(answer({ sppci_model: 'Apple M3' }))).toEqual({
      name: 'Apple M3',
      driver: null,
      memory: null,
    })
    expect(
      parseSystemProfiler(answer({ _name: 'Radeon Pro', spdisplays_vram: '8 GB' }))?.memory?.totalBytes,
    ).toBe(8 * 2 ** 30)
    expect(parseSystemProfiler('{}')).toBeNull()
  })

  test('a system that says nothing still has a processor with memory', async () => {
    for (const platform of ['linux', 'win32', 'darwin'] as const) {
      const { cpu, nvidia, graphics } = await machineHardware({ platform, run: absent, root: '/nowhere' })
      expect(cpu.memory!.totalBytes).toBeGreaterThan(0)
      expect([nvidia, graphics]).toEqual([null, null])
    }
  })
})
