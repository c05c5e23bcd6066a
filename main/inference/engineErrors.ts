import { type Warning, WorkstationError } from '../errors.ts'
import type { Vec3 } from '../imaging/volume.ts'
import { DEVICE_LABEL, type Device } from './devices.ts'
import type { EngineExit } from './engineProcess.ts'
import { EngineReply } from './protocol.ts'

/** What the parent says of an engine that did not answer as it should, and of each step down it takes. */

export function understand(message: unknown): EngineReply {
  const parsed = EngineReply.safeParse(message)
  if (parsed.success) return parsed.data
  const sentence =
    'The screening engine and this program do not understand each other: their versions differ.'
  return { type: 'failed', code: 'engine/protocol', message: sentence, detail: parsed.error.message }
}

export function cancelled(): WorkstationError {
  return new WorkstationError('cancelled', 'The screening was cancelled.')
}

export function died(exit: EngineExit): WorkstationError {
  const how = exit.signal ? `ended by ${exit.signal}` : `exit code ${exit.code}`
  const why =
    exit.signal === 'SIGKILL'
      ? 'The computer most often does this when memory runs short; close other programs and try again.'
      : 'A driver fault or a shortage of memory is the usual cause; try again, or choose the device cpu.'
  return new WorkstationError(
    'engine/died',
    `The screening engine stopped unexpectedly (${how}). ${why}`,
    exit.stderr,
  )
}

export function partlyOnCpu(device: Device): Warning {
  const message = `Some of the model's operations do not exist on ${DEVICE_LABEL[device]} and run on the processor.`
  return { code: 'device-partly-cpu', message }
}

export function nextDevice(error: WorkstationError, next: Device): Warning {
  return { code: 'device-fallback', message: `${error.message} Continuing on ${DEVICE_LABEL[next]}.` }
}

export function smallerTile(error: WorkstationError, patchSize: Vec3): Warning {
  const message = `${error.message} Continuing there with smaller tiles of ${patchSize.join(' × ')} voxels, so each voxel is judged by less of its surroundings.`
  return { code: 'tile-fallback', message }
}

export function resumedTiles(taken: number, tiles: number): Warning {
  const message = `${taken} of ${tiles} tiles were taken over from an interrupted screening of the same scan with the same model; the last of them was computed again as a check.`
  return { code: 'resumed', message }
}
