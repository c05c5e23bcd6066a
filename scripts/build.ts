import { createHash } from 'node:crypto'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** Builds what the hosts serve and run, each part only where its sources are not those of the last build. */

const ROOT = fileURLToPath(new URL('..', import.meta.url))

interface Part {
  /** Where the built files go. */
  folder: string
  /** Globs of what it is made of. */
  sources: string[]
  /** Vite's configuration. */
  config: string
}

const ALWAYS = ['package-lock.json', 'scripts/build.ts']
const PARTS = {
  renderer: {
    folder: 'dist/renderer',
    sources: ['renderer/**', 'preload/*.ts', 'main/{findings,imaging}/**/*.ts', 'main/errors.ts'],
    config: 'vite.config.ts',
  },
  main: {
    folder: 'dist/app',
    sources: ['main/**/*.ts', 'preload/*.ts', 'package.json'],
    config: 'vite.main.config.ts',
  },
  preload: {
    folder: 'dist/preload',
    sources: ['preload/*.ts'],
    config: 'vite.preload.config.ts',
  },
} satisfies Record<string, Part>

export type PartName = keyof typeof PARTS
export const PART_NAMES = Object.keys(PARTS) as PartName[]

/** @returns the parts that had to be built */
export async function build(names: readonly PartName[], { force = false } = {}): Promise<PartName[]> {
  const stale = names.filter((name) => force || !isFresh(PARTS[name]))
  // Vite takes a third of a second to load: not for nothing.
  const vite = stale.length > 0 ? await import('vite') : undefined
  for (const name of stale) {
    const { folder, config } = PARTS[name]
    const before = hashOf(PARTS[name])
    await vite?.build({ configFile: join(ROOT, config), logLevel: 'warn' })
    // Of the sources before the build: what changed while it ran is built the next time.
    writeFileSync(stampOf(folder), before)
  }
  return stale
}

function isFresh(part: Part): boolean {
  try {
    return readFileSync(stampOf(part.folder), 'utf8') === hashOf(part)
  } catch {
    return false
  }
}

const stampOf = (folder: string) => join(ROOT, folder, '.sources')

function hashOf({ sources, config }: Part): string {
  const files = globSync([...sources, ...ALWAYS, config], { cwd: ROOT, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const hash = createHash('sha256')
  for (const file of files)
    hash
      .update(`${file.slice(ROOT.length)}\0`)
      .update(createHash('sha256').update(readFileSync(file)).digest())
  return hash.digest('hex')
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const built = await build(PART_NAMES, { force: process.argv.includes('--force') })
  console.log(built.length > 0 ? `Built ${built.join(', ')} into dist/.` : 'dist/ is as the sources are.')
}
