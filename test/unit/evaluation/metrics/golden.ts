import { gunzipSync } from 'node:zlib'
import type { Components } from '../../../../main/findings/components.ts'
import { labelComponents } from '../../../../main/findings/components.ts'
import { type CtVolume, IDENTITY, type Vec3 } from '../../../../main/imaging/volume.ts'
import golden from '../../../golden/evaluation/metrics.json' with { type: 'json' }

/** Bytes of an array that the golden holds as base64 of gzip. */
export function unpack(packed: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(gunzipSync(Buffer.from(packed, 'base64')))
}

/** The golden's small patient with three numbered lesions. */
export function goldenBody() {
  const { body } = golden
  const ct: CtVolume = {
    dims: body.dims as unknown as Vec3,
    spacing: body.spacing as unknown as Vec3,
    origin: [0, 0, 0],
    direction: IDENTITY,
    voxels: new Int16Array(unpack(body.hu).buffer),
  }
  const labels = new Uint16Array(unpack(body.labels).buffer)
  const lesion = Uint8Array.from(labels, (label) => (label === 0 ? 0 : 1))
  const components: Components = labelComponents(lesion, 1, ct.dims)
  const score = new Float32Array(unpack(body.score).buffer)
  return { ct, labels, lesion, components, scored: unpack(body.scored), score, expected: body }
}
