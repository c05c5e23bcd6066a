import { fileURLToPath } from 'node:url'
import type { ModelPackage } from '../inference/package.ts'
import { PackageStore } from '../inference/packageStore.ts'

/** The packages that come with the product. */
export const MODELS_FOLDER = fileURLToPath(new URL('../../models', import.meta.url))

/** Used where the user chose no other. */
export const DEFAULT_MODEL = 'screener-ct-small'

/** The product's packages and those that a user imported into a folder of his. */
export function modelStore(user: string, builtIn: string = MODELS_FOLDER): PackageStore {
  return new PackageStore({ builtIn, user, standard: DEFAULT_MODEL })
}

/**
 * The package a user means by a name (as `models` lists it) or by the path of its folder.
 * @param user folder of imported packages; without it only those of `folder` have names
 * @throws WorkstationError `usage/model-not-found`, or `model/…` where the package is damaged
 */
export function findModel(
  nameOrPath?: string,
  folder: string = MODELS_FOLDER,
  user: string = folder,
): Promise<ModelPackage> {
  return modelStore(user, folder).find(nameOrPath)
}
