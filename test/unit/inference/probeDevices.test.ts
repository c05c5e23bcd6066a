import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Device, Host } from '../../../main/inference/devices.ts'
import { parseOnnx } from '../../../main/inference/onnxFile.ts'
import { PROBE_ENTRY, type ProbeOptions, probeDevices } from '../../../main/inference/probeDevices.ts'
import { probeNetwork } from '../../../main/inference/probeNetwork.ts'
import type { ProbeReply } from '../../../main/inference/protocol.ts'
import { type ChildExit, type ChildHandle, forkChild } from '../../../main/processes/childProcess.ts'
import { temporaryFolder } from './packages.ts'

const withCuda: Host = {
  platform: 'linux',
  arch: 'x64',
  cudaLibraryInstalled: true,
  nvidiaDriverPresent: true,
}
const card = { name: 'Card 9', memory: { totalBytes: 8e9, freeBytes: 7e9 }, driver: '570.1' }
const cpu = { name: 'Processor 3', memory: { totalBytes: 32e9, freeBytes: 9e9 }, driver: null }
const hardware = async () => ({ cpu, nvidia: card, graphics: null })

/** A process that answers, and ends, as told. */
function child(reply: ProbeReply | undefined, exit: Partial<ChildExit> = {}): () => ChildHandle {
  return () => {
    let hear: (message: unknown) => void = () => {}
    let end: (exit: ChildExit) => void = () => {}
    return {
      pid: 1,
      onMessage: (listener) => {
        hear = listener
      },
      onExit: (listener) => {
        end = listener
      },
      kill: () => end({ code: null, signal: 'SIGKILL', stderr: '' }),
      send: () => {
        if (reply) hear(reply)
        end({ code: 0, signal: null, stderr: '', ...exit })
      },
    }
  }
}

const status = async (device: Device, more: ProbeOptions) =>
  (await probeDevices({ devices: [device], host: withCuda, hardware, ...more }))[0]

describe('what a probe says of a device', () => {
  test('that works: name, memory and driver', async () => {
    expect(await status('cuda', { spawn: child({ works: true, partlyOnCpu: false }) })).toEqual({
      device: 'cuda',
      ...card,
      state: 'available',
      note: null,
    })
  })

  test('that works, but falls over when it is taken down', async () => {
    const spawn = child({ works: true, partlyOnCpu: false }, { signal: 'SIGSEGV' })
    expect((await status('cuda', { spawn })).state).toBe('available')
  })

  test('that leaves the convolutions to the processor', async () => {
    const found = await status('webgpu', { spawn: child({ works: true, partlyOnCpu: true }) })
    expect(found).toMatchObject({ state: 'available', note: expect.stringContaining('run on the processor') })
  })

  test.each<[string, ReturnType<typeof child>, RegExp]>([
    [
      'that crashes',
      child(undefined, { code: null, signal: 'SIGSEGV' }),
      /^Its driver crashed .* SIGSEGV\)\.$/,
    ],
    [
      'whose library only the log names',
      child(
        { works: false, reason: 'the cuda libraries could not be loaded' },
        { stderr: 'with error: libcudnn.so.9: cannot open shared object file: No such file' },
      ),
      /^cuDNN 9 is not installed \(libcudnn\.so\.9 is missing\)\.$/,
    ],
    [
      'that says what is missing',
      child({ works: false, reason: 'CUDA 12 (libcublas.so.12) is not installed' }),
      /^CUDA 12 \(libcublas\.so\.12\) is not installed\.$/,
    ],
  ])('%s', async (_, spawn, note) => {
    const found = await status('cuda', { spawn })
    expect(found.state).toBe('unavailable')
    expect(found.note).toMatch(note)
  })

  test('that cannot be there is not tried', async () => {
    const spawn = () => expect.unreachable('it should not be tried')
    const bare = { ...withCuda, cudaLibraryInstalled: false, nvidiaDriverPresent: false }
    expect((await status('dml', { spawn })).note).toMatch(/no support for it on this platform \(linux x64\)/)
    expect((await status('cuda', { spawn, host: bare })).note).toMatch(
      /^No NVIDIA driver is installed .* The CUDA part of ONNX Runtime .*`npm run cuda` fetches it\.$/,
    )
    const driverOnly = { ...withCuda, cudaLibraryInstalled: false }
    expect((await status('cuda', { spawn, host: driverOnly })).note).toMatch(/^The CUDA part of ONNX Runtime/)
  })
})

describe('real processes', () => {
  test('the processor computes the probe network, and says its name and memory', async () => {
    const [found] = await probeDevices({ devices: ['cpu'] })
    expect(found).toMatchObject({ device: 'cpu', state: 'available', note: null })
    expect(found.memory!.totalBytes).toBeGreaterThan(found.memory!.freeBytes!)
  })

  test('a provider that is not there is unavailable, with a reason of one line', async () => {
    const host = { ...withCuda, platform: process.platform, arch: process.arch }
    const missing = process.platform === 'darwin' ? 'webgpu' : 'cuda'
    const [found] = await probeDevices({ devices: [missing], host, hardware })
    // A machine that has it all is welcome, too.
    if (found.state === 'unavailable') expect(found.note).toMatch(/^[A-Zc].*\.$/)
  })

  test('a driver that hangs is ended', async () => {
    const entry = join(await temporaryFolder(onTestFinished), 'hang.mjs')
    await writeFile(entry, "process.on('message', () => { for (;;); })")
    const pids: (number | undefined)[] = []
    const spawn = () => {
      const hanging = forkChild(entry)
      pids.push(hanging.pid)
      return hanging
    }
    expect((await status('cuda', { spawn, timeoutMs: 1000 })).note).toBe(
      'Its driver did not answer within 1 s.',
    )
    expect(() => process.kill(pids[0]!, 0)).toThrow('ESRCH')
  })

  test('the signal ends a probe', async () => {
    const probing = probeDevices({
      devices: ['cpu'],
      signal: AbortSignal.timeout(1),
      spawn: () => forkChild(PROBE_ENTRY),
    })
    await expect(probing).rejects.toThrow(/timeout|abort/i)
  })
})

test('the probe network is ONNX of operator set 13', () => {
  expect(parseOnnx(probeNetwork(), 'probe')).toEqual({ opset: 13, externalData: false })
})
