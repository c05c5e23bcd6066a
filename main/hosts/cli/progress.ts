import cliProgress from 'cli-progress'
import type { Warning } from '../../errors.ts'
import { DEVICE_LABEL } from '../../inference/devices.ts'
import type { DeviceReport } from '../../inference/protocol.ts'
import type { ScreenProgress, ScreenStage } from '../../screening/screen.ts'
import { duration } from './text.ts'

const STAGE_TEXT: Record<ScreenStage, string> = {
  scanning: 'Looking through the files',
  reading: 'Reading the scan',
  starting: 'Starting the engine',
  preprocessing: 'Preparing the scan for the model',
  inference: 'Scoring',
  mapping: 'Bringing the scores back to the scan',
  findings: 'Looking for findings',
  review: 'Preparing the review',
  writing: 'Writing the results',
}

/** Stages that are counted, and what is counted. */
const UNIT: Partial<Record<ScreenStage, string>> = { scanning: 'file', reading: 'slice', inference: 'tile' }

/** Scans of fewer files or slices are read before a log needs to say how far. */
const LINES_FROM = 1000

export interface Reporter {
  /** A line about what is going on. */
  say(text: string): void
  onProgress(progress: ScreenProgress): void
  onWarning(warning: Warning): void
  onDevice(report: DeviceReport): void
  /** Leaves the terminal as it was; call before anything else is written to it. */
  stop(): void
}

/** A bar that moves on a terminal, plain lines elsewhere. Both to stderr: stdout is for results. */
export function createReporter(stderr: NodeJS.WriteStream = process.stderr): Reporter {
  return stderr.isTTY ? barReporter(stderr) : lineReporter(stderr)
}

function barReporter(stderr: NodeJS.WriteStream): Reporter {
  let bar: cliProgress.SingleBar | undefined
  let shown: ScreenStage | undefined
  const stop = () => {
    bar?.stop()
    bar = undefined
  }
  const say = (text: string) => {
    stop()
    stderr.write(`${text}\n`)
  }
  return {
    say,
    onProgress: ({ stage, done, total, secondsLeft }) => {
      if (stage !== shown) {
        stop()
        shown = stage
        if (stage !== 'inference') say(`${STAGE_TEXT[stage]} …`)
      }
      const unit = UNIT[stage]
      // A stage begins before its files, slices or tiles are counted.
      if (!unit || total < 2) return
      if (!bar && done < total) {
        const format = `${STAGE_TEXT[stage]}  {bar}  ${unit} {value} of {total}  {left}`
        bar = new cliProgress.SingleBar(
          { format, stream: stderr, hideCursor: true, linewrap: null, gracefulExit: false },
          cliProgress.Presets.rect,
        )
        bar.start(total, done, { left: '' })
      }
      bar?.setTotal(total)
      bar?.update(done, { left: secondsLeft === null ? '' : `${duration(secondsLeft)} left` })
      if (done === total) stop()
    },
    onWarning: ({ message }) => say(`Note: ${message}`),
    onDevice: (report) => say(deviceText(report)),
    stop,
  }
}

function lineReporter(stderr: NodeJS.WriteStream): Reporter {
  const say = (text: string) => {
    stderr.write(`${text}\n`)
  }
  let tenths = 0
  let shown: ScreenStage | undefined
  return {
    say,
    onProgress: ({ stage, done, total, secondsLeft }) => {
      if (stage !== shown) {
        shown = stage
        tenths = 0
        if (stage !== 'inference') say(`${STAGE_TEXT[stage]} …`)
      }
      const unit = UNIT[stage]
      if (!unit || total < 2) return
      // A line for every tenth of the way keeps a log readable.
      const now = Math.floor((10 * done) / total)
      if (done === 0 || now === tenths || (stage !== 'inference' && total < LINES_FROM)) return
      tenths = now
      const left = secondsLeft === null || done === total ? '' : `, about ${duration(secondsLeft)} left`
      say(`${STAGE_TEXT[stage]}: ${unit} ${done} of ${total}${left}`)
    },
    onWarning: ({ message }) => say(`Note: ${message}`),
    onDevice: (report) => say(deviceText(report)),
    stop: () => {},
  }
}

function deviceText({ device, threads, goldenDeviation }: DeviceReport): string {
  const how = device === 'cpu' ? `, ${threads} thread${threads === 1 ? '' : 's'}` : ''
  return `Running on ${DEVICE_LABEL[device]}${how}; check tile passed (deviation ${goldenDeviation.toExponential(1)}).`
}
