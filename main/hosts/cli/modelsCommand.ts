import { DEFAULT_MODEL, installedModels } from '../../screening/models.ts'
import type { CommandContext } from './execute.ts'
import { NOTICE } from './options.ts'
import { wrap } from './text.ts'

/** `models`: what is installed, what it learned from, and under which licence. */
export async function modelsCommand({ print }: CommandContext) {
  const listings = await installedModels()
  if (listings.length === 0) print('No model is installed.')
  for (const listing of listings) {
    if (!listing.ok) {
      print(`${listing.dir}\n  cannot be used: ${listing.error.message}\n`)
      continue
    }
    const { manifest, hash, dir } = listing.package
    const say = (label: string, text: string) => `  ${label.padEnd(14)}${wrap(text, ' '.repeat(16))}`
    const isDefault = manifest.name === DEFAULT_MODEL ? '  (default)' : ''
    const lines = [
      `${manifest.name} ${manifest.version}${isDefault}`,
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
    ]
    print(`${lines.join('\n')}\n`)
  }
  print(NOTICE)
  return {
    models: listings.map((listing) =>
      listing.ok
        ? {
            ...identity(listing.package.manifest),
            hash: listing.package.hash,
            dir: listing.dir,
            usable: true,
          }
        : {
            dir: listing.dir,
            usable: false,
            error: { code: listing.error.code, message: listing.error.message },
          },
    ),
  }
}

function identity({
  name,
  version,
  title,
  licence,
  intendedUse,
  provenance,
  limitations,
  trainingData,
}: {
  name: string
  version: string
  title: string
  licence: string
  intendedUse: string
  provenance: string
  limitations: string[]
  trainingData: { name: string; licence: string }[]
}) {
  return { name, version, title, licence, intendedUse, provenance, limitations, trainingData }
}
