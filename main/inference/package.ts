import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { WorkstationError } from '../errors.ts'
import { ModelManifest } from './manifest.ts'
import { packageFiles, type TileOption, tileOptions } from './tileOptions.ts'

/** A model package whose files are all there and are the ones its manifest names. */
export interface ModelPackage {
  /** Absolute path. */
  dir: string
  manifest: ModelManifest
  /** SHA-256 over manifest and files: two packages with one hash compute the same. Recorded with every run. */
  hash: string
}

export type PackageListing =
  | { ok: true; dir: string; package: ModelPackage }
  | { ok: false; dir: string; error: WorkstationError }

/** No CT is finer, and on a finer grid no scan fits into memory; on a coarser one no anatomy is left. */
const LEAST_SPACING_MM = 0.2
const MOST_SPACING_MM = 20

/** 512³: half a gigabyte for one float32 channel. */
const MAX_TILE_VOXELS = 2 ** 27

/**
 * Reads and checks a package folder.
 *
 * @param called what its errors call the folder
 * @throws WorkstationError `model/not-a-package` (no readable model.json), `model/schema-version` (made for another
 *   version of this program), `model/manifest` (a field is missing or makes no sense), `model/file-missing`,
 *   `model/file-changed` (SHA-256 differs).
 */
export async function loadPackage(dir: string, called: string = resolve(dir)): Promise<ModelPackage> {
  const folder = resolve(dir)
  let text: Buffer
  try {
    text = await readFile(join(folder, 'model.json'))
  } catch (error) {
    throw new WorkstationError('model/not-a-package', `${called} holds no readable model.json.`, error)
  }
  const manifest = parseManifest(text, called)

  const hash = createHash('sha256').update(`model.json ${sha256(text)}\n`)
  const sizes = new Map<string, number>()
  for (const entry of packageFiles(manifest)) {
    let bytes: Buffer
    try {
      bytes = await readFile(join(folder, entry.path))
    } catch (error) {
      const sentence = `The model package ${manifest.name} is incomplete: its file ${entry.path} cannot be read.`
      throw new WorkstationError('model/file-missing', sentence, error)
    }
    const actual = sha256(bytes)
    if (actual !== entry.sha256) {
      throw new WorkstationError(
        'model/file-changed',
        `The model package ${manifest.name} is damaged or was changed: its file ${entry.path} is not the one the package was made with.`,
        `SHA-256 expected ${entry.sha256}, found ${actual}`,
      )
    }
    sizes.set(entry.path, bytes.length)
    hash.update(`${entry.path} ${actual}\n`)
  }
  for (const tile of tileOptions(manifest)) checkGoldenSizes(manifest, tile, sizes, called)
  return { dir: folder, manifest, hash: hash.digest('hex') }
}

/** Every package in a folder of packages, sorted by folder name; folders without a model.json are passed over. */
export async function listPackages(modelsDir: string): Promise<PackageListing[]> {
  const names = await readdir(modelsDir).catch(() => [] as string[])
  const listings: PackageListing[] = []
  for (const name of names.sort()) {
    const dir = join(resolve(modelsDir), name)
    const isPackage = await stat(join(dir, 'model.json')).then(
      (entry) => entry.isFile(),
      () => false,
    )
    if (!isPackage) continue
    try {
      listings.push({ ok: true, dir, package: await loadPackage(dir) })
    } catch (error) {
      if (!(error instanceof WorkstationError)) throw error
      listings.push({ ok: false, dir, error })
    }
  }
  return listings
}

/**
 * Reads `model.json`; `folder` is what its errors call the package.
 * @throws WorkstationError `model/manifest`, `model/schema-version`
 */
export function parseManifest(text: Buffer, folder: string): ModelManifest {
  let json: unknown
  try {
    json = JSON.parse(text.toString('utf8'))
  } catch (error) {
    throw new WorkstationError('model/manifest', `${join(folder, 'model.json')} is not valid JSON.`, error)
  }
  const version = (json as { schemaVersion?: unknown } | null)?.schemaVersion
  if (version !== 1) {
    throw new WorkstationError(
      'model/schema-version',
      `The model package in ${folder} is of format version ${JSON.stringify(version) ?? 'unknown'}; this program reads version 1.`,
    )
  }
  const parsed = ModelManifest.safeParse(json)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new WorkstationError(
      'model/manifest',
      `The model.json in ${folder} is not as it should be: ${issue.path.join('.')}: ${issue.message}.`,
      z.prettifyError(parsed.error),
    )
  }
  checkTables(parsed.data, folder)
  return parsed.data
}

/** What the schema's types cannot say: paired tables of one length that ascend, positive edges and spacing. */
function checkTables(manifest: ModelManifest, folder: string): void {
  const refuse = (what: string): never => {
    throw new WorkstationError(
      'model/manifest',
      `The model.json in ${folder} is not as it should be: ${what}.`,
    )
  }
  const { huPivots, spacingMm, channels } = manifest.preprocessing
  const { percentile, score } = manifest.calibration
  if (huPivots.hu.length !== huPivots.value.length) refuse('huPivots.hu and huPivots.value differ in length')
  if (!strictlyAscending(huPivots.hu)) refuse('huPivots.hu must ascend')
  if (percentile.length !== score.length)
    refuse('calibration.percentile and calibration.score differ in length')
  if (!strictlyAscending(percentile)) refuse('calibration.percentile must ascend')
  if (!strictlyAscending(score.map(Math.fround))) refuse('calibration.score must ascend, as float32')
  if (!spacingMm.every((mm) => mm >= LEAST_SPACING_MM && mm <= MOST_SPACING_MM))
    refuse(`spacingMm must lie between ${LEAST_SPACING_MM} and ${MOST_SPACING_MM} mm`)
  for (const { patchSize } of tileOptions(manifest)) {
    if (!patchSize.every((edge) => Number.isInteger(edge) && edge > 0))
      refuse('patchSize must be whole positive numbers')
    if (patchSize[0] * patchSize[1] * patchSize[2] > MAX_TILE_VOXELS)
      refuse(`a patchSize of ${patchSize.join(' × ')} is more than any device can hold`)
  }
  const names = ['model.json', ...packageFiles(manifest).map(({ path }) => path)]
  if (new Set(names.map((name) => name.toLowerCase())).size < names.length)
    refuse('two of its files have one name')
  if (new Set(channels).size !== channels.length) refuse('preprocessing.channels names a channel twice')
}

function checkGoldenSizes(
  { preprocessing }: ModelManifest,
  { golden, patchSize }: TileOption,
  sizes: Map<string, number>,
  folder: string,
): void {
  const [w, h, d] = patchSize
  const strided = (edge: number) => Math.ceil(edge / golden.stride)
  const wanted = [
    [golden.input.path, preprocessing.channels.length * d * h * w],
    [golden.score.path, 4 * strided(d) * strided(h) * strided(w)],
  ] as const
  for (const [path, bytes] of wanted) {
    if (sizes.get(path) === bytes) continue
    throw new WorkstationError(
      'model/manifest',
      `The model package in ${folder} does not fit together: ${path} has ${sizes.get(path)} bytes where the patch size asks for ${bytes}.`,
    )
  }
}

function strictlyAscending(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || value > values[i - 1])
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
