/** Writes every case of seg-cases.json into a folder: node test/golden/exports/write_segs.ts DIR */
import { join } from 'node:path'
import { writeSeg } from '../../../main/exporting/seg.ts'
import { SEG_CASES, segFileName, segRequest } from '../../unit/exporting/segCases.ts'

for (const [index, c] of SEG_CASES.entries()) {
  await writeSeg(join(process.argv[2], segFileName(index)), segRequest(c, index))
}
