import cliProgress from 'cli-progress'
import type { Warning } from '../../errors.ts'
import { DEVICE_LABEL } from '../../inference/devices.ts'
import type { DeviceReport } from '../../inference/protocol.ts'
import type { ScreenProgress, ScreenStage } from '../../screening/screen.ts'
import { duration } from './text.ts'

const STAGE_TEXT: Record<ScreenStage, string> = {
  reading: 'Reading the scan',
  starting: 'Starting the engine',
  preprocessing: 'Preparing the scan for the model',
  inference: 'Scoring',
  mapping: 'Bringing the scores back to the scan',
  findings: 'Looking for findings',
  writing: 'Writing the results',
}

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
      // The stage begins before its tiles are counted.
      if (stage !== 'inference' || total < 2) {
        stop()
        if (done === 0 && stage !== 'inference') say(`${STAGE_TEXT[stage]} …`)
        return
      }
      if (!bar) {
        const format = `${STAGE_TEXT.inference}  {bar}  tile {value} of {total}  {left}`
        bar = new cliProgress.SingleBar(
          { format, stream: stderr, hideCursor: true, linewrap: null, gracefulExit: false },
          cliProgress.Presets.rect,
        )
        bar.start(total, done, { left: '' })
      }
      bar.update(done, { left: secondsLeft === null ? '' : `${duration(secondsLeft)} left` })
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
  return {
    say,
    onProgress: ({ stage, done, total, secondsLeft }) => {
      if (stage !== 'inference') {
        say(`${STAGE_TEXT[stage]} …`)
        tenths = 0
        return
      }
      // A line for every tenth of the way keeps a log readable.
      const now = Math.floor((10 * done) / total)
      if (done === 0 || now === tenths) return
      tenths = now
      const left = secondsLeft === null || done === total ? '' : `, about ${duration(secondsLeft)} left`
      say(`${STAGE_TEXT.inference}: tile ${done} of ${total}${left}`)
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
