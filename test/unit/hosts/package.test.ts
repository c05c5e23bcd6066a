import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { build, PART_NAMES } from '../../../scripts/build.ts'

/**
 * The installed app as electron-builder lays it out, around a stand-in for Electron's program (which is fetched from
 * elsewhere when a release is made). What is inside then runs under Node, which is what Electron's own is.
 */

const ROOT = join(import.meta.dirname, '../../..')
/** Where a program keeps its fuses (@electron/fuses): the sentinel, version 1, nine of them, all on. */
const FUSES = `dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX\u0001\u0009${'1'.repeat(9)}`

let folder: string
let resources: string
/** app.asar, unpacked. */
let app: string

const node = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${args.join(' ')}\n${stdout}\n${stderr}`)
  return stdout
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'screener-package-'))
  const stub = join(folder, 'electron')
  for (const name of ['resources', 'locales']) await mkdir(join(stub, name), { recursive: true })
  for (const name of ['LICENSE', 'LICENSES.chromium.html', 'chrome-sandbox'])
    await writeFile(join(stub, name), '')
  const { version } = JSON.parse(await readFile(join(ROOT, 'node_modules/electron/package.json'), 'utf8'))
  await writeFile(join(stub, 'version'), version)
  await writeFile(join(stub, 'electron'), FUSES, 'latin1')
  await chmod(join(stub, 'electron'), 0o755)
  await build(PART_NAMES)
  const output = join(folder, 'packages')
  const builder = join(ROOT, 'node_modules/electron-builder/cli.js')
  node(builder, '--linux', 'dir', '--x64', `-c.electronDist=${stub}`, `-c.directories.output=${output}`)
  resources = join(output, 'linux-unpacked', 'resources')
  app = join(folder, 'app')
  node(join(ROOT, 'node_modules/@electron/asar/bin/asar.js'), 'extract', join(resources, 'app.asar'), app)
}, 300_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

it('has the window, the bridge and main, and starts with the desktop host', async () => {
  const { main } = JSON.parse(await readFile(join(app, 'package.json'), 'utf8'))
  for (const path of [main, 'dist/preload/bridge.cjs', 'dist/renderer/index.html', 'LICENSE'])
    expect(existsSync(join(app, path)), path).toBe(true)
})

it('has no sources, no tests, nothing that only the window is made of, and no recipe', () => {
  const files = globSync('**', { cwd: app })
  const own = files.filter((path) => !path.startsWith('node_modules'))
  expect(
    own.filter((path) => /\.(ts|tsx|map|py)$|^(main|renderer|test|models|scripts)\b/.test(path)),
  ).toEqual([])
  expect(
    files.filter((path) => /^node_modules\/(react|@mantine|@kitware|vite|electron)\b/.test(path)),
  ).toEqual([])
  expect(existsSync(join(resources, 'models/recipe'))).toBe(false)
})

it('keeps native libraries and codecs as real files, for this system only', () => {
  const unpacked = join(resources, 'app.asar.unpacked/node_modules')
  const found = globSync('onnxruntime-node/bin/**/*.{node,so*,dll,dylib}', { cwd: unpacked })
  expect(found.length).toBeGreaterThan(0)
  expect(found.filter((path) => !/linux[/\\]x64/.test(path))).toEqual([])
  for (const codec of ['charls', 'openjpeg', 'openjph'])
    expect(globSync(`@cornerstonejs/codec-${codec}/dist/*.wasm`, { cwd: unpacked }).length).toBeGreaterThan(0)
})

it('loads code from its archive only, and takes no orders from the environment', async () => {
  const program = await readFile(join(dirname(resources), 'screener-workstation'), 'latin1')
  const fuses = program.slice(-9)
  // In the order of @electron/fuses: run as Node, cookie encryption, NODE_OPTIONS, inspect, asar integrity, only asar.
  expect(fuses[0]).toBe('1')
  expect(fuses.slice(2, 4)).toBe('00')
  expect(fuses.slice(4, 6)).toBe('11')
})

it('finds every process and worker that a module starts', () => {
  const started = globSync('dist/app/main/**/*.js', { cwd: app }).flatMap((path) =>
    [...readFileSync(join(app, path), 'utf8').matchAll(/new URL\(\s*"(\.[^"]+\.[jt]s)"/g)].map(([, url]) =>
      join(app, dirname(path), url),
    ),
  )
  expect(started.length).toBeGreaterThanOrEqual(4)
  expect(started.filter((path) => !existsSync(path))).toEqual([])
})

it.runIf(process.platform === 'linux' && process.arch === 'x64')(
  'reads a scan and opens the network, with nothing but what is in it',
  async () => {
    const main = pathToFileURL(join(app, 'dist/app/main/')).href
    const script = join(app, 'try.mjs')
    await writeFile(
      script,
      `const at = (path) => import(${JSON.stringify(main)} + path)
      const [dataFolder, modelsFolder, scan] = process.argv.slice(2)
      const { createWorkstation } = await at('workstation/index.js')
      const abilities = { host: 'electron', picker: 'native' }
      const workstation = await createWorkstation({ dataFolder, roots: [], modelsFolder, abilities })
      const { handle } = workstation.grantPath(scan)
      const { added } = await workstation.call('library.add', { job: '1', handles: [handle] })
      const { grid } = await workstation.call('series.open', { seriesId: added[0].id })
      await workstation.close()
      const { EngineClient } = await at('inference/client.js')
      const { findModel } = await at('screening/models.js')
      const engine = new EngineClient()
      const report = await engine.prepare({ pkg: await findModel(undefined, modelsFolder), device: 'cpu' })
      await engine.close()
      console.log(JSON.stringify({ dims: grid.dims, report }))`,
    )
    const scan = join(ROOT, 'test/golden/evaluation/cases/oblique_mm/ct.nii.gz')
    const answer = JSON.parse(
      node(script, join(folder, 'data'), join(resources, 'models'), scan).split('\n').at(-2)!,
    )
    expect(answer.dims).toEqual([12, 10, 8])
    expect(answer.report.device).toBe('cpu')
  },
)
