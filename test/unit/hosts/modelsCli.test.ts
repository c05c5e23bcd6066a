import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { DEVICE_LABEL, Device, isSupported } from '../../../main/inference/devices.ts'
import { RESIDUAL_MODEL, temporaryFolder } from '../inference/packages.ts'
import { useTinySample } from '../screening/tinySample.ts'

const CLI = join(import.meta.dirname, '../../../main/hosts/cli.ts')
const made = useTinySample()

/** The command line of one user, whose data folder lasts from call to call. */
async function aUser() {
  const home = await temporaryFolder(onTestFinished)
  const env = { ...process.env, HOME: home, XDG_DATA_HOME: join(home, 'data'), LOCALAPPDATA: home }
  return (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { env, encoding: 'utf8' })
    return { code: status, stdout, stderr, json: () => JSON.parse(stdout) }
  }
}

test('a researcher’s network: imported, shown, made the default, screened with, removed', async () => {
  const screener = await aUser()
  const imported = screener('models', 'import', RESIDUAL_MODEL)
  expect(imported.stderr).toBe('Checking the network on its check tile …\n')
  expect(imported.code).toBe(0)
  // What it is stands before what was done with it.
  expect(imported.stdout).toMatch(
    /Licence {7}MIT.*Provenance {4}Not trained.*Installed residualmodel 2\.1\.0/s,
  )

  const again = screener('models', 'import', RESIDUAL_MODEL, '--replace', '--json')
  expect(again.code).toBe(2)
  expect(again.json().error).toEqual({
    code: 'usage/model-installed',
    message: 'The model residualmodel 2.1.0 is already installed.',
  })

  expect(screener('models', 'default', 'residualmodel').stdout).toBe('The default is residualmodel now.\n')
  const { models } = screener('models', '--json').json()
  expect(models.find((each: { isDefault: boolean }) => each.isDefault)).toMatchObject({
    name: 'residualmodel',
    origin: 'imported',
    licence: 'MIT',
  })

  const out = join(await temporaryFolder(onTestFinished), 'out')
  // What this platform cannot have, then what it has.
  const absent = Device.options.filter((device) => !isSupported(device))
  const requested = [...absent, 'cpu'].join(',')
  const how = ['--device', requested, '--level', '99', '--format', 'nifti', '--json']
  const run = screener('screen', made.series, '--out', out, ...how)
  expect(run.code).toBe(0)
  expect(run.json()).toMatchObject({
    model: { name: 'residualmodel', version: '2.1.0' },
    device: { requested, device: 'cpu', patchSize: [20, 16, 12] },
  })
  expect(run.json().device.goldenDeviationAtEnd).toBeLessThan(1e-5)
  const steps = run.json().warnings.filter(({ code }: { code: string }) => code === 'device-fallback')
  const nexts = steps.map(({ message }: { message: string }) => /Continuing on (.*)\.$/.exec(message)?.[1])
  expect(nexts).toEqual([...absent.slice(1), 'cpu' as const].map((device) => DEVICE_LABEL[device]))

  expect(screener('models', 'remove', 'residualmodel').stdout).toMatch(
    /Removed .* default is screener-ct-small/,
  )
})

test('devices says of each whether it can be used, and why not', async () => {
  const screener = await aUser()
  const { code, json } = screener('devices', '--json')
  expect(code).toBe(0)
  const { devices, auto } = json()
  expect(devices).toHaveLength(6)
  expect(devices[0]).toMatchObject({ device: 'cpu', state: 'available' })
  for (const { state, note } of devices) if (state === 'unavailable') expect(note).toMatch(/\.$/)
  expect(auto.at(-1)).toBe('cpu')
})
