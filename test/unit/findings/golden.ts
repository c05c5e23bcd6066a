import { readdirSync, readFileSync } from 'node:fs'
import type { Finding } from '../../../main/findings/findings.ts'
import type { Calibration } from '../../../main/findings/level.ts'
import type { CtVolume, Mat3, Vec3 } from '../../../main/imaging/volume.ts'

export interface FindingsGolden {
  name: string
  volume: CtVolume
  score: Float32Array
  calibration: Calibration
  level: number
  minVolumeMl: number
  /** Made by numpy, scipy and scikit-image. */
  expected: {
    threshold: number
    components: number
    /** scipy.ndimage.label, from 1. */
    labels: Int32Array
    levels: Float32Array
    mask: Uint16Array
    findings: Finding[]
  }
}

interface Stored {
  dims: Vec3
  spacing: Vec3
  origin: Vec3
  direction: Mat3
  calibration: Calibration
  level: number
  minVolumeMl: number
  threshold: number
  components: number
  findings: Finding[]
  score: string
  hu: string
  labels: string
  levels: string
  mask: string
}

const folder = new URL('../../golden/findings/', import.meta.url)

/** The cases of test/golden/make_findings.py. */
export function findingsGoldens(): FindingsGolden[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => {
      const g = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Stored
      return {
        name: file.replace('.json', ''),
        volume: {
          dims: g.dims,
          spacing: g.spacing,
          origin: g.origin,
          direction: g.direction,
          voxels: new Int16Array(bytes(g.hu)),
        },
        score: new Float32Array(bytes(g.score)),
        calibration: g.calibration,
        level: g.level,
        minVolumeMl: g.minVolumeMl,
        expected: {
          threshold: g.threshold,
          components: g.components,
          labels: new Int32Array(bytes(g.labels)),
          levels: new Float32Array(bytes(g.levels)),
          mask: new Uint16Array(bytes(g.mask)),
          findings: g.findings,
        },
      }
    })
}

function bytes(base64: string): ArrayBuffer {
  return Uint8Array.from(Buffer.from(base64, 'base64')).buffer
}
