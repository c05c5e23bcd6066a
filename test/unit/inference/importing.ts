import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { WorkstationError } from '../../../main/errors.ts'
import type { ModelManifest } from '../../../main/inference/manifest.ts'
import { type ImportOptions, PackageStore } from '../../../main/inference/packageStore.ts'
import { type Packed, packZip } from '../imaging/zipWriter.ts'
import { RESIDUAL_MODEL, TINY_MODEL, temporaryFolder } from './packages.ts'

/** A store with the tiny model built in and a user's folder that is not there yet. */
export async function aStore() {
  const folder = await temporaryFolder(onTestFinished)
  const builtIn = join(folder, 'product')
  await cp(TINY_MODEL, join(builtIn, 'tinymodel'), { recursive: true })
  const user = join(folder, 'user', 'models')
  return { store: new PackageStore({ builtIn, user, standard: 'tinymodel' }), user, folder }
}

/** A copy of the residual package, changed. */
export async function copyOf(
  folder: string,
  edit: (manifest: ModelManifest) => void = () => {},
): Promise<string> {
  const dir = join(folder, `copy-${Math.random().toString(36).slice(2)}`)
  await cp(RESIDUAL_MODEL, dir, { recursive: true })
  const manifest: ModelManifest = JSON.parse(await readFile(join(dir, 'model.json'), 'utf8'))
  edit(manifest)
  await writeFile(join(dir, 'model.json'), JSON.stringify(manifest))
  return dir
}

export async function zipOf(
  dir: string,
  target: string,
  { prefix = '', extra = [] as Packed[] } = {},
): Promise<string> {
  const entries: Packed[] = []
  for (const name of await readdir(dir)) {
    entries.push({ name: prefix + name, data: await readFile(join(dir, name)) })
  }
  await writeFile(target, packZip([...entries, ...extra]))
  return target
}

export const failure = (promise: Promise<unknown>): Promise<WorkstationError> =>
  promise.then(
    () => expect.unreachable('it should have failed'),
    (error) => error,
  )

/** Imports, expects a refusal of one line, and that nothing is left of it. */
export async function refused(
  { store, user }: Awaited<ReturnType<typeof aStore>>,
  path: string,
  options: ImportOptions,
): Promise<WorkstationError> {
  const before = await readdir(user).catch(() => [])
  const error = await failure(store.import(path, options))
  expect(error.message).not.toContain('\n')
  expect(await readdir(user).catch(() => [])).toEqual(before)
  return error
}
