import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WorkstationError } from '../errors.ts'
import { listPackages, loadPackage, type ModelPackage, type PackageListing } from '../inference/package.ts'

/** The packages that come with the product. */
export const MODELS_FOLDER = fileURLToPath(new URL('../../models', import.meta.url))

/** Used where the user names no model. */
export const DEFAULT_MODEL = 'screener-ct-small'

export function installedModels(folder: string = MODELS_FOLDER): Promise<PackageListing[]> {
  return listPackages(folder)
}

/**
 * The package a user means by a name (as `models` lists it) or by the path of its folder.
 * @throws WorkstationError `usage/model-not-found`, or `model/…` where the package is damaged
 */
export async function findModel(
  nameOrPath: string = DEFAULT_MODEL,
  folder: string = MODELS_FOLDER,
): Promise<ModelPackage> {
  const named = join(folder, nameOrPath)
  if (/^[a-z0-9][a-z0-9-]*$/.test(nameOrPath) && existsSync(join(named, 'model.json')))
    return loadPackage(named)
  const path = resolve(nameOrPath)
  if (existsSync(join(path, 'model.json'))) return loadPackage(path)
  const installed = (await listPackages(folder)).flatMap((l) => (l.ok ? [l.package.manifest.name] : []))
  const choice = installed.length > 0 ? `Installed: ${installed.join(', ')}.` : 'No model is installed.'
  throw new WorkstationError(
    'usage/model-not-found',
    `There is no model ${nameOrPath}: it is neither installed nor a folder with a model.json. ${choice}`,
  )
}
