import { join } from 'node:path'
import { GRID_FILE, SERIES_FOLDER } from './benchSeries.ts'
import { type Finished, measured, ROOT } from './childProcess.ts'

interface Spent {
  seconds: number
  cpuSeconds: number
}

/** What pytorch_window.py says of one run. */
export interface PyTorchRun {
  window: 'plain' | 'skipping' | 'monai' | 'monai-cropped'
  tiles: number
  torch: string
  reading: Spent
  preprocessing: Spent
  inference: Spent
  /** With the mapping back to the scan. */
  writing: Spent
  peakBytes: number
  /** Of the product's map with PyTorch's; of `skipping` only, whose tiles are the same. */
  agreement?: { voxels: number; relative999: number; tail: number }
}

export interface PyTorch {
  /** None without PyTorch, `monai…` only with MONAI. */
  windows: PyTorchRun['window'][]
  /** Version of MONAI; null where it is not installed. */
  monai: string | null
}

/** What this machine's Python can run. */
export async function findPyTorch(python: string, timesFile: string): Promise<PyTorch> {
  const version = async (module: string, ...others: string[]): Promise<string | null> => {
    const needed = [module, ...others].join(', ')
    const script = `try:\n import ${needed}\n print(${module}.__version__)\nexcept ImportError: pass`
    return measured([python, '-c', script], timesFile).then(
      ({ stdout }) => stdout.trim() || null,
      () => null,
    )
  }
  if (!(await version('torch', 'onnx', 'scipy', 'skimage', 'nibabel', 'pydicom')))
    return { windows: [], monai: null }
  const monai = await version('monai')
  const windows: PyTorch['windows'] = monai
    ? ['skipping', 'monai-cropped', 'plain', 'monai']
    : ['skipping', 'plain']
  return { windows, monai }
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
      ...[join(request.scan, SERIES_FOLDER), join(request.scan, GRID_FILE), request.packageDir],
      join(request.scan, `score-${window}.nii.gz`),
      ...['--window', window, '--threads', String(request.threads), '--score', request.score],
    ],
    request.timesFile,
  )
  return { ...(JSON.parse(stdout.trim().split('\n').at(-1)!) as PyTorchRun), seconds, cpuSeconds }
}
