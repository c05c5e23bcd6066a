import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { cpus, freemem, totalmem } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Bytes; null where the system does not say. */
export interface DeviceMemory {
  totalBytes: number | null
  freeBytes: number | null
}

/** What the system says of a processor or a graphics card, without starting it. */
export interface Hardware {
  name: string | null
  memory: DeviceMemory | null
  driver: string | null
}

export interface MachineHardware {
  cpu: Hardware
  /** The card that CUDA takes, its first; null where no NVIDIA driver answers. */
  nvidia: Hardware | null
  /** The card that draws, for DirectML, CoreML and WebGPU; null where nothing is known of one. */
  graphics: Hardware | null
}

/** How the system is asked; parameters, so that every platform can be tested on one. */
export interface SystemCalls {
  platform: NodeJS.Platform
  /** Standard output of a program; rejects where it is missing, fails or hangs. */
  run: (program: string, args: readonly string[]) => Promise<string>
  /** For /proc and /sys. */
  root: string
}

const MIB = 2 ** 20
/** A driver that hangs must not hold up the list. */
const ANSWER_WITHIN_MS = 5000

const execute = promisify(execFile)
export const SYSTEM: SystemCalls = {
  platform: process.platform,
  run: async (program, args) =>
    (await execute(program, [...args], { timeout: ANSWER_WITHIN_MS, windowsHide: true, maxBuffer: MIB }))
      .stdout,
  root: '/',
}

export async function machineHardware(system: SystemCalls = SYSTEM): Promise<MachineHardware> {
  const [nvidia, other] = await Promise.all([nvidiaCard(system), graphicsCard(system)])
  return { cpu: processor(), nvidia, graphics: other ?? nvidia }
}

function processor(): Hardware {
  const name = cpus()[0]?.model.trim() || null
  // A container's limit counts, where there is one (0: there is none).
  const limit = process.constrainedMemory()
  const totalBytes = limit > 0 ? Math.min(limit, totalmem()) : totalmem()
  const freeBytes = Math.min(process.availableMemory?.() ?? freemem(), totalBytes)
  return { name, memory: { totalBytes, freeBytes }, driver: null }
}

async function nvidiaCard({ platform, run, root }: SystemCalls): Promise<Hardware | null> {
  if (platform === 'darwin') return null
  const query = ['--query-gpu=name,driver_version,memory.total,memory.free', '--format=csv,noheader,nounits']
  const answer = await run('nvidia-smi', query).catch(() => '')
  return parseNvidiaSmi(answer) ?? (platform === 'linux' ? nvidiaFromProc(root) : null)
}

/** First line of `name, driver, total MiB, free MiB`; a value may be `[N/A]`. */
export function parseNvidiaSmi(text: string): Hardware | null {
  const [name, driver, total, free] = text
    .split('\n')[0]
    .split(',')
    .map((cell) => cell.trim())
  if (!name || free === undefined) return null
  const bytes = (mib: string) => (/^\d+$/.test(mib) ? Number(mib) * MIB : null)
  return { name, driver: driver || null, memory: { totalBytes: bytes(total), freeBytes: bytes(free) } }
}

/** The kernel module's own files, where nvidia-smi is not installed. */
async function nvidiaFromProc(root: string): Promise<Hardware | null> {
  const folder = join(root, 'proc/driver/nvidia')
  const version = await readFile(join(folder, 'version'), 'utf8').catch(() => undefined)
  if (version === undefined) return null
  const [card] = (await readdir(join(folder, 'gpus')).catch(() => [] as string[])).sort()
  const facts = card ? await readFile(join(folder, 'gpus', card, 'information'), 'utf8').catch(() => '') : ''
  return {
    name: /^Model:\s*(.+?)\s*$/m.exec(facts)?.[1] ?? null,
    driver: /Kernel Module\s+(?:for \S+\s+)?([\d.]+)/.exec(version)?.[1] ?? null,
    memory: null,
  }
}

async function graphicsCard({ platform, run }: SystemCalls): Promise<Hardware | null> {
  if (platform === 'win32') {
    const script =
      'Get-CimInstance Win32_VideoController | Select-Object Name,AdapterRAM,DriverVersion | ConvertTo-Json -Compress'
    return parseVideoControllers(
      await run('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', script]).catch(() => ''),
    )
  }
  if (platform === 'darwin')
    return parseSystemProfiler(await run('system_profiler', ['SPDisplaysDataType', '-json']).catch(() => ''))
  return null
}

/** WMI's AdapterRAM is 32 bits wide: from 4 GB on it says nothing. */
const ADAPTER_RAM_LIMIT = 2 ** 32 - MIB

/** One controller or a list of them; the one with the most memory is the card, the others are the processor's own. */
export function parseVideoControllers(text: string): Hardware | null {
  const parsed = json(text)
  const controllers = (Array.isArray(parsed) ? parsed : [parsed]).filter(
    (each) => typeof each?.Name === 'string',
  )
  const ram = (each: { AdapterRAM?: unknown }) => (typeof each.AdapterRAM === 'number' ? each.AdapterRAM : 0)
  const [card] = controllers.sort((a, b) => ram(b) - ram(a))
  if (!card) return null
  const known = ram(card) > 0 && ram(card) < ADAPTER_RAM_LIMIT
  return {
    name: card.Name,
    driver: typeof card.DriverVersion === 'string' ? card.DriverVersion : null,
    memory: known ? { totalBytes: ram(card), freeBytes: null } : null,
  }
}

/** Apple's own chips share the computer's memory, and say none of their own. */
export function parseSystemProfiler(text: string): Hardware | null {
  const card = json(text)?.SPDisplaysDataType?.[0]
  const name = card?.sppci_model ?? card?._name
  if (typeof name !== 'string') return null
  const size = /^(\d+)\s*(MB|GB)$/.exec(card.spdisplays_vram ?? '')
  const totalBytes = size ? Number(size[1]) * (size[2] === 'GB' ? 2 ** 30 : MIB) : null
  return { name, driver: null, memory: totalBytes === null ? null : { totalBytes, freeBytes: null } }
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the system printed; each use looks before it takes
function json(text: string): any {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
