import { join } from 'node:path'
import { GRID_FILE, VOLUME_FILE } from './benchSeries.ts'
import { type Finished, measured, ROOT } from './childProcess.ts'

/** What pytorch_window.py says of one run. */
export interface PyTorchRun {
  window: 'plain' | 'skipping' | 'monai'
  tiles: number
  torch: string
  preprocessing: { seconds: number; cpuSeconds: number }
  inference: { seconds: number; cpuSeconds: number }
  peakBytes: number
  /** Of the product's map with PyTorch's; of `skipping` only, whose tiles are the same. */
  agreement?: { voxels: number; relative999: number; tail: number }
}

/** Which windows this machine's Python can run: none without PyTorch, `monai` only with MONAI. */
export async function pytorchWindows(python: string, timesFile: string): Promise<PyTorchRun['window'][]> {
  const imports = async (modules: string) =>
    measured([python, '-c', `try:\n import ${modules}\n print(1)\nexcept ImportError: pass`], timesFile).then(
      ({ stdout }) => stdout.trim() === '1',
      () => false,
    )
  if (!(await imports('torch, scipy, skimage'))) return []
  return (await imports('monai')) ? ['plain', 'monai', 'skipping'] : ['plain', 'skipping']
}

/** @param score the product's score.nii.gz of the same scan */
export async function runPyTorch(
  python: string,
  window: PyTorchRun['window'],
  request: { scan: string; packageDir: string; threads: number; score: string; timesFile: string },
): Promise<PyTorchRun & Pick<Finished, 'seconds' | 'cpuSeconds'>> {
  const { stdout, seconds, cpuSeconds } = await measured(
    [
      ...[python, join(ROOT, 'test/bench/pytorch_window.py')],
      ...[join(request.scan, VOLUME_FILE), join(request.scan, GRID_FILE), request.packageDir],
      ...['--window', window, '--threads', String(request.threads), '--score', request.score],
    ],
    request.timesFile,
  )
  return { ...(JSON.parse(stdout.trim().split('\n').at(-1)!) as PyTorchRun), seconds, cpuSeconds }
}
