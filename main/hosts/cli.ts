import { Command, CommanderError, Option } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import { WorkstationError } from '../errors.ts'
import { demoCommand } from './cli/demoCommand.ts'
import { devicesCommand } from './cli/devicesCommand.ts'
import { evaluateCommand } from './cli/evaluateCommand.ts'
import { EXIT, execute, reportError } from './cli/execute.ts'
import { infoCommand } from './cli/infoCommand.ts'
import { defaultCommand, importCommand, modelsCommand, removeCommand } from './cli/modelsCommand.ts'
import {
  deviceOption,
  formatOption,
  jsonOption,
  levelOption,
  minVolumeOption,
  modelOption,
  NOTICE,
  path,
  paths,
  threadsOption,
  wholeNumberFrom,
} from './cli/options.ts'
import { sampleCommand } from './cli/sampleCommand.ts'
import { screenCommand } from './cli/screenCommand.ts'

/** The command line: parses, hands over to a command, and turns the outcome into an exit code. */

const EXIT_CODES = `Exit codes: 0 done, 2 bad usage, 3 bad input or output, 4 model or engine failure, 130 cancelled.`

const INPUT =
  'folder, files, ZIP or DICOMDIR of one DICOM scan; or a volume file: .nii, .nii.gz, .hdr, .nrrd, .nhdr, .mha, .mhd'

function buildProgram(): Command {
  const program = new Command('screener')
    .description(`Screens CT scans for anything unusual, offline. ${NOTICE}`)
    .version(packageJson.version)
    .addHelpText('after', `\n${EXIT_CODES}\nSCREENER_DEBUG=1 adds the technical detail to error messages.`)
  const command = (name: string, description: string, examples: string[], json = jsonOption()) =>
    program
      .command(name)
      .description(description)
      .addOption(json)
      .addHelpText('after', `\nExamples:\n${examples.map((e) => `  ${e}`).join('\n')}\n\n${NOTICE}`)

  command('screen', 'Screen a CT: anomaly maps, findings and masks, all on the scan’s own grid.', [
    'npm run screen -- ~/scans/chest --out out/chest',
    'npm run screen -- scan.nii.gz --out out/scan --level 99.5 --min-volume 1',
    'npm run screen -- ~/scans/study --series 1.2.840.113619.2.1 --out out/study --json',
    'npm run screen -- slices/*.dcm --out out/slices',
  ])
    .argument('<input...>', INPUT, paths)
    .requiredOption('--out <dir>', 'folder for the results; made where missing', path)
    .addOption(modelOption())
    .addOption(deviceOption())
    .addOption(threadsOption())
    .addOption(levelOption())
    .addOption(minVolumeOption())
    .addOption(formatOption())
    .option(
      '--series <id>',
      'which CT volume, where there are several: the id that info lists (UID or UID#1)',
    )
    .action((inputs, flags) => execute(flags, (context) => screenCommand(inputs, flags, context)))

  command(
    'sample',
    'Make a sample CT: a procedural patient with lesions, as a DICOM series with its truth.',
    ['npm run sample', 'npm run sample -- --out sample2 --seed 7'],
  )
    .option('--out <dir>', 'folder for the sample', path, 'sample')
    .option('--seed <n>', 'another seed is another patient', wholeNumberFrom(0), 1)
    .action((flags) => execute(flags, (context) => sampleCommand(flags, context)))

  command('demo', 'Screen the sample CT and compare what is found with the lesions that are in it.', [
    'npm run demo',
    'npm run demo -- --device cpu --threads 4',
  ])
    .option('--out <dir>', 'folder for the results', path, 'out/demo')
    .option('--sample <dir>', 'folder of the sample; made where missing', path, 'sample')
    .addOption(modelOption())
    .addOption(deviceOption())
    .addOption(threadsOption())
    .addOption(levelOption())
    .addOption(minVolumeOption())
    .action((flags) => execute(flags, (context) => demoCommand(flags, context)))

  const models = command(
    'models',
    'List the installed models, with what they learned from and their licence.',
    [
      'npm run models',
      'npm run models -- --json',
      'npm run models -- import my-model.zip',
      'npm run models -- default my-model',
      'npm run models -- remove my-model',
    ],
  ).action((flags) => execute(flags, modelsCommand))
  models
    .command('import')
    .description('Check a model package, a folder or a ZIP (models/README.md), and keep it for this user.')
    .argument('<path>', 'folder with a model.json, or a ZIP of one', path)
    .option('--replace', 'put it in the place of another version')
    .action((from, _, self) =>
      execute(self.optsWithGlobals(), (context) => importCommand(from, self.opts(), context)),
    )
  models
    .command('remove')
    .description('Remove an imported model.')
    .argument('<name>', 'as `models` lists it', path)
    .action((name, _, self) => execute(self.optsWithGlobals(), (context) => removeCommand(name, context)))
  models
    .command('default')
    .description('Choose the model that is used where none is named.')
    .argument('<name>', 'as `models` lists it', path)
    .action((name, _, self) => execute(self.optsWithGlobals(), (context) => defaultCommand(name, context)))

  command('devices', 'Say what can be computed on here, and what is missing where it cannot.', [
    'npm run devices',
    'npm run devices -- --json',
  ]).action((flags) => execute(flags, devicesCommand))

  command('info', 'Say what a folder or file holds: series, geometry, warnings.', [
    'npm run info -- ~/scans/study',
    'npm run info -- scan.nii.gz --json',
    'npm run info -- cd1.zip cd2.zip',
  ])
    .argument('<input...>', INPUT, paths)
    .action((inputs, flags) => execute(flags, (context) => infoCommand(inputs, context)))

  command(
    'evaluate',
    'Measure a model on scans with known lesions, beside a trivial baseline.',
    [
      'npm run evaluate -- ~/cases',
      'npm run evaluate -- ~/cases --model models/mine --json result.json --csv result.csv',
      'npm run evaluate -- ~/cases --html report.html --resume ~/measured',
    ],
    new Option('--json [file]', 'print one machine-readable object instead of text; or write it to a file'),
  )
    .argument(
      '<cases>',
      'folder of cases: <case>/ct.nii.gz with <case>/mask.nii.gz, or a DICOM series with a SEG or RTSTRUCT',
      path,
    )
    .addOption(modelOption())
    .addOption(deviceOption())
    .addOption(threadsOption())
    .addOption(levelOption())
    .addOption(minVolumeOption())
    .option('--seed <n>', 'seed of the voxel sample', wholeNumberFrom(0), 0)
    .option('--csv <file>', 'write a table: a row for each case and each labelled lesion', path)
    .option('--html <file>', 'write a page with curves and pictures of the worst cases', path)
    .option(
      '--resume <dir>',
      'keep what is measured of each case in this folder, and take from it what was measured before',
      path,
    )
    .action((cases, flags) =>
      execute({ json: flags.json === true }, (context) => evaluateCommand(cases, flags, context)),
    )

  for (const each of [program, ...program.commands, ...models.commands]) {
    // Errors are reported in one place below, which knows of --json.
    each.exitOverride().configureOutput({ outputError: () => {} })
  }
  return program
}

// Who reads the output may stop early, as `head` does: what is being computed and written to files goes on.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

try {
  await buildProgram().parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  if (error.exitCode !== 0) {
    const help = error.code === 'commander.help'
    const sentence = help ? 'Name a command; --help lists them.' : error.message.replace(/^error: /, '')
    const known = new WorkstationError('usage/command-line', sentence)
    process.exitCode = help ? EXIT.usage : reportError(known, process.argv.includes('--json'))
  }
}
