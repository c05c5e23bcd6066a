import { homedir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { hasDesktop, openCommand, showInFolder } from '../../../main/hosts/web/desktop.ts'
import { parseWindowOptions, userDataFolder } from '../../../main/hosts/windowOptions.ts'

describe('the window is started', () => {
  it('with nothing: the reader’s own library, any port, all of the home folder', () => {
    expect(parseWindowOptions([], '/scans')).toEqual({
      paths: [],
      dataFolder: userDataFolder(),
      roots: [homedir()],
      port: 0,
      open: undefined,
      host: undefined,
    })
  })

  it('with paths from where the reader is', () => {
    expect(parseWindowOptions(['chest', '/other', '--data', 'lib'], '/scans')).toMatchObject({
      paths: ['/scans/chest', '/other'],
      dataFolder: '/scans/lib',
    })
  })

  it('with several roots, in place of the home folder', () => {
    expect(parseWindowOptions(['--root', '/a', '--root', 'b'], '/')).toMatchObject({ roots: ['/a', '/b'] })
  })

  it.each([
    [['--open'], { open: true }],
    [['--no-open'], { open: false }],
    [['--web'], { host: 'web' }],
    [['--electron'], { host: 'electron' }],
    [['--port', '8080'], { port: 8080 }],
    [['--', '--odd-name'], { paths: ['/--odd-name'] }],
  ])('%j', (args, options) => {
    expect(parseWindowOptions(args, '/')).toMatchObject(options)
  })

  it.each([[['--port', '65536']], [['--port', 'x']], [['--port']], [['--unknown']]])('but not %j', (args) => {
    expect(() => parseWindowOptions(args)).toThrow(expect.objectContaining({ code: 'usage/command-line' }))
  })

  it('or only says how', () => {
    expect(parseWindowOptions(['--help'])).toContain('Research use only')
  })
})

it.each([
  ['linux', {}, '/home/r/.local/share/screener-workstation'],
  ['linux', { XDG_DATA_HOME: '/data' }, '/data/screener-workstation'],
  ['darwin', {}, '/home/r/Library/Application Support/Screener Workstation'],
  ['win32', { LOCALAPPDATA: '/local' }, '/local/Screener Workstation'],
] as const)('the library is kept where %s keeps such things', (platform, env, folder) => {
  expect(userDataFolder(platform, env, '/home/r').replaceAll('\\', '/')).toBe(folder)
})

it.each([
  ['linux', {}, false],
  ['linux', { DISPLAY: ':0' }, true],
  ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, true],
  ['darwin', {}, true],
  ['darwin', { SSH_CONNECTION: '10.0.0.1' }, false],
] as const)('a browser can be opened on %s with %j: %s', (platform, env, possible) => {
  expect(hasDesktop(platform, env)).toBe(possible)
})

it.each(['linux', 'darwin', 'win32'] as const)(
  '%s opens an address as it is, without a shell',
  (platform) => {
    const [, args] = openCommand('http://127.0.0.1:1/open?token=a&b', platform)
    expect(args).toEqual(['http://127.0.0.1:1/open?token=a&b'])
  },
)

describe('a folder that cannot be shown', () => {
  it('is said to be gone where it is', async () => {
    await expect(showInFolder('/no/such/export')).rejects.toMatchObject({
      code: 'input/not-found',
      message: '/no/such/export is no longer there.',
    })
  })

  it('is named where no program shows folders', async () => {
    const open = async () => Promise.reject(Object.assign(new Error('spawn'), { code: 'ENOENT' }))
    await expect(showInFolder(homedir(), open)).rejects.toMatchObject({
      code: 'usage/cannot-show',
      message: expect.stringContaining(homedir()),
    })
  })
})
