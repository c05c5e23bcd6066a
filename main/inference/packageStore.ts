import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { WorkstationError } from '../errors.ts'
import { flushFolder } from '../processes/flush.ts'
import type { EngineClient } from './client.ts'
import { listPackages, loadPackage, type ModelPackage, type PackageListing } from './package.ts'
import { asOutputError, copyPackage } from './packageSource.ts'
import type { DeviceReport } from './protocol.ts'

export interface PackageFolders {
  /** Of the packages that come with the product; never written. */
  builtIn: string
  /** Of this user's; made where missing. */
  user: string
  /** Name of the built-in package that is used where the user chose none. */
  standard: string
}

/** `name` is what every call here takes. A damaged package has one too: that of its folder. */
export type ListedPackage = PackageListing & {
  name: string
  origin: 'built-in' | 'imported'
  isDefault: boolean
}

export interface ImportOptions {
  /** Where the network is proved. Give one of its own: it waits for what its client already runs. */
  client: EngineClient
  signal?: AbortSignal
  /** Put it in the place of another version. */
  replace?: boolean
  /**
   * Called when manifest and hashes are right and before the network runs: the moment to show provenance and licence.
   * False ends the import.
   */
  onPackage?: (pkg: ModelPackage) => boolean | Promise<boolean>
}

export interface Imported {
  package: ModelPackage
  /** How the network did on the check tile of each of its tile sizes, on the processor. */
  proofs: DeviceReport[]
  /** Version that was there before. */
  replaced: string | null
}

const NAME = /^[a-z0-9][a-z0-9-]*$/
const DEFAULT_FILE = 'default.json'
/** Names that no package can have, as they begin with a dot. */
const STAGING = '.importing-'
const OUTGOING = '.replaced-'
const STALE_AFTER_MS = 24 * 3600 * 1000
/** A tile takes seconds; what takes this long on one would take days for a scan. */
const PROOF_LIMIT_MS = 10 * 60 * 1000

/** The model packages of a user: those of the product and those he imported. */
export class PackageStore {
  readonly #folders: PackageFolders

  constructor({ builtIn, user, standard }: PackageFolders) {
    this.#folders = { builtIn: resolve(builtIn), user: resolve(user), standard }
  }

  /** Built-in ones first, each group by name; damaged ones with what is wrong. */
  async list(): Promise<ListedPackage[]> {
    const { builtIn, user } = this.#folders
    const standard = await this.defaultName()
    const listed = async (folder: string, origin: ListedPackage['origin']) =>
      (await listPackages(folder)).map((listing) => {
        const name = basename(listing.dir)
        return { ...listing, name, origin, isDefault: name === standard }
      })
    const builtInOnes = await listed(builtIn, 'built-in')
    const shadowed = new Set(builtInOnes.map(({ name }) => name))
    const imported = await listed(user, 'imported')
    return [...builtInOnes, ...imported.filter(({ name }) => NAME.test(name) && !shadowed.has(name))]
  }

  /**
   * The package of a name, or of the path of a folder; the default where absent.
   * @throws WorkstationError `usage/model-not-found`, or `model/…` where the package is damaged
   */
  async find(nameOrPath?: string): Promise<ModelPackage> {
    const wanted = nameOrPath ?? (await this.defaultName())
    const installed = this.#installed(wanted)
    if (installed) return loadPackage(installed.dir)
    const path = resolve(wanted)
    if (existsSync(join(path, 'model.json'))) return loadPackage(path)
    throw await this.#notFound(wanted)
  }

  /** Whether a package came with the product or by an import: its licence and provenance were shown. */
  isInstalled({ dir }: ModelPackage): boolean {
    return [this.#folders.builtIn, this.#folders.user].includes(dirname(dir))
  }

  /**
   * Imports a package from a folder or a ZIP: manifest, hashes, operator set, names, types and shapes are checked and
   * the check tile of each tile size is run before it is there. It is there whole or not at all.
   *
   * @throws WorkstationError `model/…` for a package that is not as it should be, `engine/…` where it fails its check
   *   tile, `usage/model-installed` (this very package), `usage/model-exists` (another version, and no `replace`),
   *   `output/…`, `cancelled`
   */
  async import(path: string, options: ImportOptions): Promise<Imported> {
    const { user } = this.#folders
    let staging: string | undefined
    try {
      await mkdir(user, { recursive: true, mode: 0o700 })
      await this.#tidy()
      staging = await mkdtemp(join(user, STAGING))
      await copyPackage(path, staging, options.signal)
      const staged = await loadPackage(staging, path)
      const { name } = staged.manifest
      const replaced = await this.#mayCome(staged, options.replace ?? false)
      if ((await options.onPackage?.(staged)) === false) throw cancelled()
      const proofs = await prove(staged, options)
      await this.#putInPlace(staging, name)
      return { package: await loadPackage(join(user, name)), proofs, replaced }
    } catch (error) {
      if (options.signal?.aborted) throw cancelled()
      throw asOutputError(error, user)
    } finally {
      if (staging) await rm(staging, { recursive: true, force: true })
    }
  }

  /** @throws WorkstationError `usage/model-built-in`, `usage/model-not-found`, `output/…` */
  async remove(name: string): Promise<void> {
    const { user } = this.#folders
    const installed = this.#installed(name)
    if (!installed) throw await this.#notFound(name)
    if (installed.origin === 'built-in') {
      const sentence = `The model ${name} comes with the program and cannot be removed.`
      throw new WorkstationError('usage/model-built-in', sentence)
    }
    try {
      // Renamed first, so that nobody ever finds half of it.
      const outgoing = await mkdtemp(join(user, STAGING))
      await rename(installed.dir, join(outgoing, name))
      await rm(outgoing, { recursive: true, force: true })
      if ((await this.#chosen()) === name) await rm(join(user, DEFAULT_FILE), { force: true })
    } catch (error) {
      throw asOutputError(error, user)
    }
  }

  /** Of the package that is used where the user names none; the product's own where he chose none, or it is gone. */
  async defaultName(): Promise<string> {
    const chosen = await this.#chosen()
    return chosen !== undefined && this.#installed(chosen) ? chosen : this.#folders.standard
  }

  /** @throws WorkstationError `usage/model-not-found`, `model/…` where it is damaged, `output/…` */
  async setDefault(name: string): Promise<void> {
    const { user } = this.#folders
    const installed = this.#installed(name)
    if (!installed) throw await this.#notFound(name)
    await loadPackage(installed.dir)
    try {
      await mkdir(user, { recursive: true, mode: 0o700 })
      const temporary = join(user, `${STAGING}${process.pid}-${DEFAULT_FILE}`)
      await writeFile(temporary, `${JSON.stringify({ name })}\n`, { mode: 0o600, flush: true })
      await rename(temporary, join(user, DEFAULT_FILE))
    } catch (error) {
      throw asOutputError(error, user)
    }
  }

  async #chosen(): Promise<string | undefined> {
    try {
      const { name } = JSON.parse(await readFile(join(this.#folders.user, DEFAULT_FILE), 'utf8'))
      return typeof name === 'string' ? name : undefined
    } catch {
      return undefined
    }
  }

  #installed(name: string): { dir: string; origin: ListedPackage['origin'] } | undefined {
    if (!NAME.test(name)) return undefined
    for (const [folder, origin] of [
      [this.#folders.builtIn, 'built-in'],
      [this.#folders.user, 'imported'],
    ] as const) {
      const dir = join(folder, name)
      if (existsSync(join(dir, 'model.json'))) return { dir, origin }
    }
    return undefined
  }

  async #notFound(wanted: string): Promise<WorkstationError> {
    const names = (await this.list()).flatMap(({ ok, name }) => (ok ? [name] : []))
    const choice = names.length > 0 ? `Installed: ${names.join(', ')}.` : 'No model is installed.'
    return new WorkstationError(
      'usage/model-not-found',
      `There is no model ${wanted}: it is neither installed nor a folder with a model.json. ${choice}`,
    )
  }

  /** @returns the version that gives way; null where none does */
  async #mayCome({ manifest, hash }: ModelPackage, replace: boolean): Promise<string | null> {
    const { name, version } = manifest
    const installed = this.#installed(name)
    if (!installed) return null
    const there = await loadPackage(installed.dir).catch(() => undefined)
    const its = there?.manifest.version
    if (there?.hash === hash)
      throw new WorkstationError(
        'usage/model-installed',
        `The model ${name} ${version} is already installed.`,
      )
    if (installed.origin === 'built-in')
      throw new WorkstationError(
        'usage/model-exists',
        `A model named ${name} comes with the program; give the package another name.`,
      )
    if (its === version)
      throw new WorkstationError(
        'usage/model-exists',
        `Another package calls itself ${name} ${version} and is installed; give this one a new version, or remove that one first.`,
      )
    if (!replace && there)
      throw new WorkstationError(
        'usage/model-exists',
        `The model ${name} is installed in version ${its}; ask for it to be replaced to have version ${version}.`,
      )
    return its ?? null
  }

  async #putInPlace(staging: string, name: string): Promise<void> {
    const { user } = this.#folders
    const [final, outgoing] = [join(user, name), join(user, `${OUTGOING}${name}`)]
    const there = existsSync(final)
    if (there) await rename(final, outgoing)
    try {
      await rename(staging, final)
    } catch (error) {
      if (there) await rename(outgoing, final)
      throw error
    }
    await flushFolder(user)
    if (there) await rm(outgoing, { recursive: true, force: true })
  }

  /** Puts right what a process that was ended by force left in the middle of an import. */
  async #tidy(): Promise<void> {
    const { user } = this.#folders
    for (const name of await readdir(user)) {
      const path = join(user, name)
      if (name.startsWith(OUTGOING)) {
        const final = join(user, name.slice(OUTGOING.length))
        if (existsSync(final)) await rm(path, { recursive: true, force: true })
        else await rename(path, final)
      } else if (name.startsWith(STAGING)) {
        const made = await stat(path).catch(() => undefined)
        if (made && Date.now() - made.mtimeMs > STALE_AFTER_MS)
          await rm(path, { recursive: true, force: true })
      }
    }
  }
}

async function prove(pkg: ModelPackage, { client, signal }: ImportOptions): Promise<DeviceReport[]> {
  const limit = AbortSignal.timeout(PROOF_LIMIT_MS)
  try {
    return await client.prove(pkg, { signal: signal ? AbortSignal.any([signal, limit]) : limit })
  } catch (error) {
    if (!(error instanceof WorkstationError) || signal?.aborted) throw error
    const why = limit.aborted
      ? `The model ${pkg.manifest.name} needs more than ten minutes for a tile.`
      : error.message
    const code = limit.aborted ? 'model/too-slow' : error.code
    throw new WorkstationError(code, `${why} It was not imported.`, error.detail)
  }
}

function cancelled(): WorkstationError {
  return new WorkstationError('cancelled', 'The import was cancelled.')
}
