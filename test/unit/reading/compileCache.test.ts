import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cacheHome, compileCacheEnv } from '../../../main/reading/compileCache.ts'
import { temporaryFolder } from '../imaging/readerFixtures.ts'

test('compiled modules are kept where each system has its caches', () => {
  expect(cacheHome({}, 'linux', '/home/a')).toBe(join('/home/a', '.cache'))
  expect(cacheHome({ XDG_CACHE_HOME: '/cache' }, 'linux', '/home/a')).toBe('/cache')
  expect(cacheHome({}, 'darwin', '/Users/a')).toBe(join('/Users/a', 'Library', 'Caches'))
  expect(cacheHome({ LOCALAPPDATA: 'L' }, 'win32', 'H')).toBe('L')
})

test('in a folder that is made where it is missing, for this user alone', () => {
  const home = join(temporaryFolder(), '.cache')
  const { NODE_COMPILE_CACHE: folder } = compileCacheEnv({}, home)
  expect(folder).toBe(join(home, 'screener-workstation', 'compiled'))
  expect(statSync(folder!).isDirectory()).toBe(true)
  if (process.platform !== 'win32') expect(statSync(folder!).mode & 0o777).toBe(0o700)
  expect(compileCacheEnv({}, home)).toEqual({ NODE_COMPILE_CACHE: folder })
})

test('what the environment says is left as it is', () => {
  const home = join(temporaryFolder(), '.cache')
  expect(compileCacheEnv({ NODE_COMPILE_CACHE: '/elsewhere' }, home)).toEqual({})
  expect(compileCacheEnv({ NODE_DISABLE_COMPILE_CACHE: '1' }, home)).toEqual({})
  expect(existsSync(home)).toBe(false)
})

test('where no folder can be made, reading goes without', () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  expect(compileCacheEnv({}, file)).toEqual({})
  expect(compileCacheEnv({}, join(file, 'in', 'it'))).toEqual({})
  // Node itself would not come back from this one.
  expect(compileCacheEnv({}, '/proc/none')).toEqual({})
})
