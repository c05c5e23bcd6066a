import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, posix, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

/** The folders of DESIGN.md: imports go from a higher rank to a lower one, or between equals if never both ways. */
const RANK: Readonly<Record<string, number>> = {
  hosts: 5,
  workstation: 4,
  screening: 3,
  library: 3,
  evaluation: 3,
  inference: 2,
  reading: 2,
  processes: 1,
  exporting: 2,
  findings: 1,
  imaging: 0,
}

interface Import {
  specifier: string
  /** Erased when the program runs. */
  typeOnly: boolean
}

interface Source {
  /** Relative to the repository, with forward slashes. */
  path: string
  imports: Import[]
}

/** Every module a TypeScript source names: import and export declarations, dynamic imports, and URLs of modules. */
function importsOf(text: string): Import[] {
  const found: Import[] = []
  const declaration = /^[ \t]*(import|export)\b([^'"`;]*?)\bfrom\s*['"]([^'"]+)['"]/gm
  for (const [, , clause, specifier] of text.matchAll(declaration))
    found.push({ specifier, typeOnly: /^\s*type\b/.test(clause) })
  const others = [
    /^[ \t]*import\s*['"]([^'"]+)['"]/gm,
    /\b(?:import|require)\(\s*['"]([^'"]+)['"]/g,
    /\bnew URL\(\s*['"](\.[^'"]+\.[mc]?[jt]sx?)['"]/g,
  ]
  for (const pattern of others)
    for (const [, specifier] of text.matchAll(pattern)) found.push({ specifier, typeOnly: false })
  return found
}

function isReader(path: string): boolean {
  return (
    path === 'main/imaging/open.ts' ||
    /^main\/imaging\/(dicom|nifti|nrrd|metaimage|volumeFile|zip|inputs)\//.test(path)
  )
}

function isPure(path: string): boolean {
  return /^main\/(imaging|findings)\//.test(path) && !isReader(path)
}

/** Path of the imported file, for an import of the project's own. */
function target(from: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : undefined
}

/** `hosts`, `imaging` … for files in main/; `preload`, `renderer`; undefined for what belongs to no layer. */
function folderOf(path: string): string | undefined {
  const [top, second, third] = path.split('/')
  if (top === 'main') return third === undefined ? undefined : second
  return top === 'preload' || top === 'renderer' ? top : undefined
}

/** What is wrong with the imports of a source, in words; empty where they keep to the design. */
function violations({ path, imports }: Source): string[] {
  const wrong: string[] = []
  const from = folderOf(path)
  const fail = (specifier: string, why: string) => wrong.push(`${path} imports ${specifier}: ${why}`)
  for (const { specifier, typeOnly } of imports) {
    if (
      /^electron(\/|$)/.test(specifier) &&
      path !== 'main/hosts/electron.ts' &&
      path !== 'preload/bridge.ts'
    )
      fail(specifier, 'only the desktop host and its bridge know Electron')
    if (isBuiltin(specifier) && isPure(path)) fail(specifier, 'the maths does no input or output')
    if (isBuiltin(specifier) && from === 'renderer') fail(specifier, 'the renderer has no Node')
    const to = target(path, specifier)
    if (to === undefined) continue
    const folder = folderOf(to)
    if (isPure(path) && isReader(to) && !typeOnly) fail(specifier, 'the maths does not read files')
    if (folder === from || to === 'main/errors.ts' || to === 'package.json') continue
    if (from === 'renderer' || from === 'preload') {
      const contract = from === 'renderer' && folder === 'preload'
      if (!contract && !isPure(to)) fail(specifier, `${from} knows only the contract and the maths`)
    } else if (folder === 'renderer') fail(specifier, 'nothing but the renderer knows the renderer')
    else if (folder === 'preload') {
      const implementsIt = from === 'hosts' || from === 'workstation' || from === 'library'
      if (!implementsIt) fail(specifier, 'the contract is for those who implement it and the renderer')
    } else if (folder === undefined) fail(specifier, 'it belongs to no folder of the design')
    else if (from !== undefined && !(RANK[folder] <= RANK[from]))
      fail(specifier, `${folder} does not lie below ${from}`)
    else if (from === undefined) fail(specifier, 'what all folders share depends on none of them')
  }
  return wrong
}

/** A way from a folder back to itself along imports of any kind, or undefined. */
function cycle(sources: readonly Source[]): string[] | undefined {
  const edges = new Map<string, Set<string>>()
  for (const { path, imports } of sources)
    for (const { specifier } of imports) {
      const from = folderOf(path)
      const to = target(path, specifier)
      const folder = to && folderOf(to)
      if (from && folder && from !== folder) edges.set(from, (edges.get(from) ?? new Set()).add(folder))
    }
  const walk = (way: string[]): string[] | undefined => {
    for (const next of edges.get(way[way.length - 1]) ?? []) {
      if (way.includes(next)) return [...way.slice(way.indexOf(next)), next]
      const found = walk([...way, next])
      if (found) return found
    }
    return undefined
  }
  for (const start of edges.keys()) {
    const found = walk([start])
    if (found) return found
  }
  return undefined
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const tops = ['main', 'preload', 'renderer'].filter((top) => existsSync(join(ROOT, top)))
const sources: Source[] = tops.flatMap((top) =>
  readdirSync(join(ROOT, top), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[mc]?tsx?$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({
      path: relative(ROOT, file).split(sep).join('/'),
      imports: importsOf(readFileSync(file, 'utf8')),
    })),
)

describe('the folders of the design', () => {
  it('are read: the check would notice if it found no imports', () => {
    const paths = sources.map((source) => source.path)
    expect(paths).toContain('main/imaging/open.ts')
    expect(paths).toContain('main/errors.ts')
    const reader = sources.find((source) => source.path === 'main/imaging/open.ts')
    expect(reader?.imports).toContainEqual({ specifier: './nifti/read.ts', typeOnly: false })
    expect(reader?.imports).toContainEqual({ specifier: './source.ts', typeOnly: true })
  })

  it('hold every file of main/, which has nothing else than errors.ts of its own', () => {
    const strays = sources.filter(({ path }) => {
      const folder = folderOf(path)
      if (path.startsWith('main/')) return path !== 'main/errors.ts' && !(folder && folder in RANK)
      return false
    })
    expect(strays.map((source) => source.path)).toEqual([])
  })

  it('import one way only, and the maths does no input or output', () => {
    expect(sources.flatMap(violations)).toEqual([])
  })

  it('have no circle among them, type imports included', () => {
    expect(cycle(sources)).toBeUndefined()
  })

  it('find every file that they import', () => {
    const known = new Set(sources.map((source) => source.path))
    const lost = sources.flatMap(({ path, imports }) =>
      imports
        .map(({ specifier }) => target(path, specifier))
        .filter((to) => to !== undefined && /\.tsx?$/.test(to) && !to.endsWith('.d.ts') && !known.has(to))
        .map((to) => `${path} imports ${to}`),
    )
    expect(lost).toEqual([])
  })
})

describe('the check itself', () => {
  const source = (path: string, text: string): Source => ({ path, imports: importsOf(text) })

  it('sees every form of import', () => {
    const text = [
      "import a, { b } from './a.ts'",
      "import type { C } from './c.ts'",
      'import {\n  d,\n  type E,\n} from "./d.ts"',
      "export * from './e.ts'",
      "export type { F } from './f.ts'",
      "import './g.ts'",
      "const h = await import('./h.ts')",
      "fork(new URL('./i.ts', import.meta.url))",
      "// import j from './j.ts'",
    ].join('\n')
    expect(importsOf(text)).toEqual([
      { specifier: './a.ts', typeOnly: false },
      { specifier: './c.ts', typeOnly: true },
      { specifier: './d.ts', typeOnly: false },
      { specifier: './e.ts', typeOnly: false },
      { specifier: './f.ts', typeOnly: true },
      { specifier: './g.ts', typeOnly: false },
      { specifier: './h.ts', typeOnly: false },
      { specifier: './i.ts', typeOnly: false },
    ])
  })

  it.each([
    ['main/imaging/clahe.ts', "import { readFile } from 'node:fs/promises'"],
    ['main/findings/findings.ts', "import fs from 'fs'"],
    ['main/findings/findings.ts', "import { openCt } from '../imaging/open.ts'"],
    ['main/imaging/resample.ts', "import type { Finding } from '../findings/findings.ts'"],
    ['main/exporting/seg.ts', "import { screen } from '../screening/screen.ts'"],
    ['main/evaluation/evaluate.ts', "import { cli } from '../hosts/cli.ts'"],
    ['main/errors.ts', "import { voxelCount } from './imaging/volume.ts'"],
    ['main/inference/devices.ts', "import { utilityProcess } from 'electron'"],
    ['main/screening/screen.ts', "import { contract } from '../../preload/contract.ts'"],
    ['main/hosts/web.ts', "import { App } from '../../renderer/app.tsx'"],
    ['main/hosts/cli.ts', "import { makeFixture } from '../../test/unit/fixture.ts'"],
    ['renderer/app.tsx', "import { openCt } from '../main/imaging/open.ts'"],
    ['renderer/app.tsx', "import { join } from 'node:path'"],
    ['renderer/app.tsx', "import { findModel } from '../main/screening/models.ts'"],
    ['preload/contract.ts', "import type { App } from '../renderer/app.tsx'"],
    ['main/screening/screen.ts', "import type { RunEntry } from '../../preload/records.ts'"],
  ])('refuses in %s: %s', (path, text) => {
    expect(violations(source(path, text))).toHaveLength(1)
  })

  it.each([
    ['main/imaging/nifti/read.ts', "import { open } from 'node:fs/promises'"],
    ['main/findings/findings.ts', "import type { OpenedCt } from '../imaging/open.ts'"],
    ['main/hosts/electron.ts', "import { app } from 'electron'"],
    ['main/hosts/web.ts', "import { contract } from '../../preload/contract.ts'"],
    ['main/workstation/runs.ts', "import type { RunEntry } from '../../preload/records.ts'"],
    ['renderer/app.tsx', "import { contract } from '../preload/contract.ts'"],
    ['renderer/app.tsx', "import { formatLevel } from '../main/findings/level.ts'"],
    ['preload/contract.ts', "import type { Finding } from '../main/findings/findings.ts'"],
    ['main/evaluation/evaluate.ts', "import { screen } from '../screening/screen.ts'"],
    ['main/imaging/volume.ts', "import { WorkstationError } from '../errors.ts'"],
  ])('allows in %s: %s', (path, text) => {
    expect(violations(source(path, text))).toEqual([])
  })

  it('finds a circle between folders of one rank', () => {
    const there = source('main/evaluation/evaluate.ts', "import { screen } from '../screening/screen.ts'")
    const back = source('main/screening/screen.ts', "import type { Case } from '../evaluation/cases.ts'")
    expect(cycle([there])).toBeUndefined()
    expect(cycle([there, back])).toEqual(['evaluation', 'screening', 'evaluation'])
  })
})
