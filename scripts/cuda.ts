// `npm run cuda`: fetches the CUDA part of ONNX Runtime (CUDA 12, Linux x64) by the library's own script, from NuGet,
// where Microsoft publishes it: it is too large for the package registry. Then says whether the card can be used.
// Never run on a machine with such a card by the authors: see the README.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { runtimeFolder } from '../main/inference/devices.ts'
import { probeDevices } from '../main/inference/probeDevices.ts'

const LIBRARIES = ['shared', 'cuda', 'tensorrt'].map((name) => `libonnxruntime_providers_${name}.so`)
const missing = () => LIBRARIES.filter((library) => !existsSync(join(runtimeFolder(), library)))

if (process.platform !== 'linux' || process.arch !== 'x64') {
  stop(`ONNX Runtime for Node has CUDA on Linux x64 only, not on ${process.platform} ${process.arch}.`)
} else if (missing().length === 0) {
  console.log('The CUDA part of ONNX Runtime is installed.')
  await tell()
} else if (fetchLibraries()) {
  console.log(`Installed ${LIBRARIES.join(', ')} in ${runtimeFolder()}.`)
  await tell()
} else {
  stop('The CUDA part of ONNX Runtime could not be fetched; the message above says why.')
}

function fetchLibraries(): boolean {
  const home = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'))
  const { status } = spawnSync(process.execPath, [join(home, 'script', 'install.js')], {
    stdio: 'inherit',
    // By its first look, which .npmrc's `skip` would win otherwise.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'cuda12' },
  })
  return status === 0 && missing().length === 0
}

async function tell(): Promise<void> {
  const [{ state, name, note }] = await probeDevices({ devices: ['cuda'] })
  console.log(`CUDA is ${state}${name ? ` (${name})` : ''}.${note ? ` ${note}` : ''}`)
  // Fetched is fetched: that a driver or cuDNN is still to come is told, and no failure of this command.
}

function stop(sentence: string): void {
  console.error(sentence)
  process.exitCode = 1
}
