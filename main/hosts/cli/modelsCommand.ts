import type { ModelPackage } from '../../inference/package.ts'
import type { ListedPackage } from '../../inference/packageStore.ts'
import type { CommandContext } from './execute.ts'
import { userModels } from './modelStore.ts'
import { NOTICE } from './options.ts'
import { wrap } from './text.ts'

/** `models`: what is installed, what it learned from, and under which licence. */
export async function modelsCommand({ print }: CommandContext) {
  const listed = await userModels().list()
  if (listed.length === 0) print('No model is installed.')
  for (const each of listed) {
    if (each.ok) print(`${describePackage(each.package, marks(each))}\n`)
    else print(`${each.name}${marks(each)}\n  cannot be used: ${each.error.message}\n`)
  }
  print(NOTICE)
  return { models: listed.map(entry) }
}

/** `models import PATH`: shows what it is, then proves it, then keeps it. */
export async function importCommand(
  path: string,
  { replace = false }: { replace?: boolean },
  context: CommandContext,
) {
  const { client, signal, reporter, print } = context
  const store = userModels()
  const imported = await store.import(path, {
    client,
    signal,
    replace,
    onPackage: (pkg) => {
      print(`${describePackage(pkg)}\n`)
      reporter.say('Checking the network on its check tile …')
      return true
    },
  })
  const { manifest, dir, hash } = imported.package
  const { name, version } = manifest
  const deviation = Math.max(...imported.proofs.map(({ goldenDeviation }) => goldenDeviation))
  const before = imported.replaced === null ? '' : ` in place of ${imported.replaced}`
  print(
    `Installed ${name} ${version}${before}; check tile passed (deviation ${deviation.toExponential(1)}).\n` +
      `Screen with it by --model ${name}, or make it the default: npm run models -- default ${name}\n${NOTICE}`,
  )
  return { ...identity(imported.package), hash, dir, replaced: imported.replaced, goldenDeviation: deviation }
}

/** `models remove NAME` */
export async function removeCommand(name: string, { print }: CommandContext) {
  const store = userModels()
  await store.remove(name)
  const defaultName = await store.defaultName()
  print(`Removed ${name}. The default is ${defaultName}.`)
  return { removed: name, default: defaultName }
}

/** `models default NAME` */
export async function defaultCommand(name: string, { print }: CommandContext) {
  await userModels().setDefault(name)
  print(`The default is ${name} now.`)
  return { default: name }
}

function marks({ isDefault, origin }: ListedPackage): string {
  return `${isDefault ? '  (default)' : ''}${origin === 'imported' ? '  (imported)' : ''}`
}

function describePackage({ manifest, hash, dir }: ModelPackage, after = ''): string {
  const say = (label: string, text: string) => `  ${label.padEnd(14)}${wrap(text, ' '.repeat(16))}`
  return [
    `${manifest.name} ${manifest.version}${after}`,
    say('Title', manifest.title),
    say('Licence', manifest.licence),
    say('Intended use', manifest.intendedUse),
    say('Provenance', manifest.provenance),
    ...manifest.limitations.map((text, i) => say(i === 0 ? 'Limitations' : '', `– ${text}`)),
    ...manifest.trainingData.map(({ name, licence }, i) =>
      say(i === 0 ? 'Training data' : '', `– ${name} (${licence})`),
    ),
    say('Calibration', manifest.calibration.note),
    say('Hash', hash),
    say('Folder', dir),
  ].join('\n')
}

function entry(each: ListedPackage) {
  const { origin, isDefault, dir } = each
  if (!each.ok) {
    const { code, message } = each.error
    return { name: each.name, origin, isDefault, dir, usable: false, error: { code, message } }
  }
  return { ...identity(each.package), origin, isDefault, hash: each.package.hash, dir, usable: true }
}

function identity({ manifest }: ModelPackage) {
  const { name, version, title, licence, intendedUse, provenance, limitations, trainingData } = manifest
  return { name, version, title, licence, intendedUse, provenance, limitations, trainingData }
}
