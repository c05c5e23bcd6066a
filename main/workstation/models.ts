import { rm } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { DamagedModel, ModelInspection } from '../../preload/modelRecords.ts'
import type { ModelEntry } from '../../preload/records.ts'
import { WorkstationError } from '../errors.ts'
import type { EngineClient } from '../inference/client.ts'
import type { ModelManifest } from '../inference/manifest.ts'
import type { ModelPackage } from '../inference/package.ts'
import { inspectPackage } from '../inference/packageSource.ts'
import type { PackageStore } from '../inference/packageStore.ts'
import type { Events } from './events.ts'
import { errorRecord } from './failures.ts'
import type { Job } from './jobs.ts'

export interface ModelsOptions {
  store: PackageStore
  events: Events
  /** Where a package is proved: beside the engine that screens, which it must not keep from its work. */
  newEngine: () => EngineClient
  /** Where browsers send what was dropped; a package from there is removed when it was imported. */
  uploads: string
}

/** The model packages as the window sees them: those of the product and those that the user imported. */
export class Models {
  readonly #options: ModelsOptions
  /** What changes a package: one after the other, for two of one name must not come at once. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: ModelsOptions) {
    this.#options = options
  }

  /** Those that are whole. */
  async list(): Promise<ModelEntry[]> {
    const listed = await this.#options.store.list()
    return listed.flatMap((each) => {
      if (!each.ok) return []
      const { isDefault, origin } = each
      const { manifest, hash } = each.package
      return [{ ...facts(manifest), hash, isDefault, origin }]
    })
  }

  /** Those that are there and cannot be used, and why. */
  async damaged(): Promise<DamagedModel[]> {
    const listed = await this.#options.store.list()
    return listed.flatMap((each) =>
      each.ok ? [] : [{ name: each.name, origin: each.origin, error: errorRecord(each.error) }],
    )
  }

  /** An installed model; the default where absent. @throws WorkstationError `usage/model-not-found`, `model/…` */
  find(name?: string): Promise<ModelPackage> {
    if (name !== undefined) mustBeName(name)
    return this.#options.store.find(name)
  }

  /** @throws WorkstationError `model/…` */
  async inspect(path: string): Promise<ModelInspection> {
    const { manifest, sizeBytes } = await inspectPackage(path)
    const there = (await this.#options.store.list()).find(({ name }) => name === manifest.name)
    const installed = there?.ok ? { version: there.package.manifest.version, origin: there.origin } : null
    return { ...facts(manifest), sizeBytes, installed }
  }

  /** @throws WorkstationError as PackageStore.import */
  import(path: string, replace: boolean, { signal, progress }: Job): Promise<ModelEntry[]> {
    return this.#next(async () => {
      const client = this.#options.newEngine()
      progress('copying', 0, 0)
      try {
        await this.#options.store.import(path, {
          client,
          signal,
          replace,
          onPackage: () => {
            progress('proving', 0, 0)
            return true
          },
        })
      } finally {
        await client.close()
      }
      await this.#removeUpload(path)
    })
  }

  /** @throws WorkstationError `usage/model-built-in`, `usage/model-not-found`, `output/…` */
  remove(name: string): Promise<ModelEntry[]> {
    mustBeName(name)
    return this.#next(() => this.#options.store.remove(name))
  }

  /** @throws WorkstationError `usage/model-not-found`, `model/…`, `output/…` */
  setDefault(name: string): Promise<ModelEntry[]> {
    mustBeName(name)
    return this.#next(() => this.#options.store.setDefault(name))
  }

  /** Changes something when nothing else is being changed; the list after it, which every window hears. */
  #next(change: () => Promise<void>): Promise<ModelEntry[]> {
    const turn = this.#turn.then(async () => {
      await change()
      const models = await this.list()
      this.#options.events.emit('models.changed', models)
      return models
    })
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #removeUpload(path: string): Promise<void> {
    const { uploads } = this.#options
    if (!path.startsWith(uploads + sep)) return
    const [upload] = relative(uploads, path).split(sep)
    await rm(join(uploads, upload), { recursive: true, force: true }).catch(() => {})
  }
}

/** The store takes paths too, which a window must not name. */
function mustBeName(name: string): void {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name))
    throw new WorkstationError('usage/model-not-found', `There is no model named ${name}.`)
}

function facts(manifest: ModelManifest) {
  const { name, version, title, licence, intendedUse, provenance, limitations, trainingData } = manifest
  return { name, version, title, licence, intendedUse, provenance, limitations, trainingData }
}
