// Makes `node_modules` match package-lock.json, and does nothing where it already does. Plain JavaScript for the
// system's Node (20 or later): it runs before the project's own Node is there.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const modules = join(root, 'node_modules')
const stamp = join(modules, '.setup-stamp')
const windows = process.platform === 'win32'
// Arrives by an install script of the package `node`.
const projectNode = join(modules, 'node', 'bin', windows ? 'node.exe' : 'node')
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')
// Native packages differ by platform: a folder copied from another machine is stale.
const wanted = `${sha256(readFileSync(join(root, 'package-lock.json')))} ${process.platform} ${process.arch}`

/** Finds what was deleted or changed since a set-up that did finish. */
function isReady() {
  const json = (...path) => JSON.parse(readFileSync(join(...path), 'utf8'))
  try {
    if (!existsSync(stamp) && isInstalledByHand(json)) writeFileSync(stamp, wanted)
    if (readFileSync(stamp, 'utf8') !== wanted) return false
    const { dependencies, devDependencies } = json(root, 'package.json')
    return (
      Object.entries({ ...dependencies, ...devDependencies }).every(
        ([name, version]) => json(modules, name, 'package.json').version === version,
      ) && existsSync(projectNode)
    )
  } catch {
    return false
  }
}

/** After a plain `npm ci`: npm's own record, which it writes last, agrees with the lock file, and the Node runs. */
function isInstalledByHand(json) {
  const installed = json(modules, '.package-lock.json').packages
  const locked = Object.entries(json(root, 'package-lock.json').packages)
  return (
    locked.every(([path, { version, optional }]) =>
      path === '' || (optional && !installed[path]) ? true : installed[path]?.version === version,
    ) && runs(projectNode)
  )
}

function runs(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
}

// Outside node_modules, which `npm ci` deletes first; one per checkout. Holds the ids of the processes at work.
const lock = join(tmpdir(), `screener-setup-${sha256(root).slice(0, 16)}.lock`)

/** Waits until no other set-up of this checkout runs. A lock whose owners are all gone is taken over. */
function acquireLock() {
  for (let waited = 0; ; waited++) {
    try {
      return writeFileSync(lock, `${process.pid}`, { flag: 'wx' })
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (waited === 0) console.error('Waiting for another set-up of this project to finish …')
    if (!breakAbandonedLock()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
  }
}

/** npm works on when only its parent was killed, so the lock is held by both. */
function shareLock(child) {
  writeFileSync(`${lock}.${process.pid}`, `${process.pid} ${child.pid}`)
  renameSync(`${lock}.${process.pid}`, lock)
}

function breakAbandonedLock() {
  const mine = `${lock}.${process.pid}`
  try {
    const owners = readFileSync(lock, 'utf8')
    // Still empty: its owner is just writing it, or was killed there.
    if (owners === '' ? Date.now() - statSync(lock).mtimeMs < 10_000 : owners.split(' ').some(isAlive))
      return false
    // Of several that wait, the rename lets one win; if it caught a newer lock, that goes back.
    renameSync(lock, mine)
    if (readFileSync(mine, 'utf8') === owners) rmSync(mine)
    else renameSync(mine, lock)
    return true
  } catch (error) {
    if (error.code === 'ENOENT') return true
    throw error
  }
}

function isAlive(pid) {
  try {
    process.kill(Number(pid), 0)
    return true
  } catch (error) {
    // EPERM: it runs, under another account.
    return error.code === 'EPERM'
  }
}

/**
 * npm puts node_modules/.bin first on the PATH, so once there is a project's Node it also runs this file, and Windows
 * deletes no program that runs. It can be renamed, though: out of the folder that `npm ci` is about to delete.
 */
function stepOutOfModules() {
  const left = /^\.setup-node-\d+\.partial$/
  for (const name of readdirSync(root).filter((n) => left.test(n))) {
    try {
      rmSync(join(root, name))
    } catch {
      // Still running.
    }
  }
  if (process.execPath.toLowerCase().startsWith(modules.toLowerCase()))
    renameSync(process.execPath, join(root, `.setup-node-${process.pid}.partial`))
}

async function install() {
  console.error('Installing what the project needs (once; from the package registry only) …')
  // Gone before the first file changes, so that an interrupted set-up never looks finished.
  rmSync(stamp, { force: true })
  if (windows) stepOutOfModules()
  const status = await runNpm(['ci', '--no-audit', '--no-fund', '--loglevel=error'])
  if (status !== 0) {
    console.error('Set-up failed: `npm ci` did not finish; its message is above.')
    return status
  }
  writeFileSync(stamp, wanted)
  if (isReady()) return 0
  rmSync(stamp, { force: true })
  console.error(
    'Set-up failed: `npm ci` finished, but packages are missing; are install scripts switched off?',
  )
  return 1
}

/** The npm that called us, run by the Node it came with: no shell, whatever the folder is called. */
function runNpm(options) {
  const { npm_execpath: npm, npm_node_execpath: node } = process.env
  const known = npm && node && existsSync(node) && /npm-cli\.[cm]?js$/.test(npm)
  const command = known ? node : windows ? 'npm.cmd' : 'npm'
  const child = spawn(command, known ? [npm, ...options] : options, {
    cwd: root,
    // npm's own messages go to stderr: a command's stdout is its result.
    stdio: ['ignore', 2, 2],
    shell: windows && !known,
    // Its install script would fetch CUDA libraries from another host than the registry.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
  })
  return new Promise((resolve) => {
    child.on('spawn', () => shareLock(child))
    child.on('error', (error) => {
      console.error(`npm could not be started: ${error.message}`)
      resolve(1)
    })
    child.on('close', (code) => resolve(code ?? 1))
  })
}

if (!isReady()) {
  acquireLock()
  try {
    // Another set-up may have done it while this one waited.
    process.exitCode = isReady() ? 0 : await install()
  } finally {
    rmSync(lock, { force: true })
  }
}
