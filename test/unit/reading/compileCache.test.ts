import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compileCacheFolder } from '../../../main/reading/compileCache.ts'

test('compiled modules are kept where each system has its caches, and in a folder of this user', () => {
  expect(compileCacheFolder({}, 'linux', '/home/a')).toBe(
    join('/home/a', '.cache', 'screener-workstation', 'compiled'),
  )
  expect(compileCacheFolder({ XDG_CACHE_HOME: '/cache' }, 'linux', '/home/a')).toBe(
    join('/cache', 'screener-workstation', 'compiled'),
  )
  expect(compileCacheFolder({}, 'darwin', '/Users/a')).toContain(join('/Users/a', 'Library', 'Caches'))
  expect(compileCacheFolder({ LOCALAPPDATA: 'L' }, 'win32', 'H')).toBe(
    join('L', 'screener-workstation', 'compiled'),
  )
})

test('a folder named for all of Node is used', () => {
  expect(compileCacheFolder({ NODE_COMPILE_CACHE: '/elsewhere' }, 'linux', '/home/a')).toBe('/elsewhere')
})
