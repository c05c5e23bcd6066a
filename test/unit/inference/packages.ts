import { createHash } from 'node:crypto'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ModelManifest } from '../../../main/inference/manifest.ts'

/** The complete package of test/golden/make_tinymodel.py. */
export const TINY_MODEL = join(import.meta.dirname, '../../golden/tinymodel')

/** The package of test/golden/make_residualmodel.py: another patch size, one channel, no descriptor. */
export const RESIDUAL_MODEL = join(import.meta.dirname, '../../golden/residualmodel')

/** Networks with the tiny model's input and outputs that do what a device or an author must not. */
export type BrokenNetwork = 'nan' | 'zero' | 'constant' | 'deviating' | 'unsteady' | 'slow'

/** A folder that is gone when the test that asked for it is done: pass it `onTestFinished` of vitest. */
export async function temporaryFolder(whenDone: (cleanUp: () => Promise<void>) => void): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'screener-test-'))
  whenDone(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A copy of the tiny package with another network and, where wanted, an edited manifest; hashes are right. */
export async function packageWith(
  folder: string,
  network?: BrokenNetwork,
  edit: (manifest: ModelManifest) => void = () => {},
): Promise<string> {
  const dir = join(folder, `tinymodel-${network ?? 'copy'}`)
  await cp(TINY_MODEL, dir, { recursive: true })
  const manifest: ModelManifest = JSON.parse(await readFile(join(dir, 'model.json'), 'utf8'))
  if (network) {
    const bytes = await readFile(join(TINY_MODEL, '../tinymodel-broken', `${network}.onnx`))
    await writeFile(join(dir, manifest.network.file.path), bytes)
    manifest.network.file.sha256 = createHash('sha256').update(bytes).digest('hex')
  }
  edit(manifest)
  await writeFile(join(dir, 'model.json'), JSON.stringify(manifest))
  return dir
}

/** Changes the network file of a package folder; its hash in the manifest is put right. */
export async function withNetwork(dir: string, change: (bytes: Buffer) => Buffer): Promise<void> {
  const manifest: ModelManifest = JSON.parse(await readFile(join(dir, 'model.json'), 'utf8'))
  const { file } = manifest.network
  const bytes = change(await readFile(join(dir, file.path)))
  await writeFile(join(dir, file.path), bytes)
  file.sha256 = createHash('sha256').update(bytes).digest('hex')
  await writeFile(join(dir, 'model.json'), JSON.stringify(manifest))
}
