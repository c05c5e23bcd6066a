/** Writes every case of seg-cases.json, and its mask as NIfTI, into a folder: node test/golden/exports/write_segs.ts DIR */
import { join } from 'node:path'
import { writeNifti } from '../../../main/exporting/nifti.ts'
import { writeSeg } from '../../../main/exporting/seg.ts'
import { SEG_CASES, segFileName, segRequest } from '../../unit/exporting/segCases.ts'

for (const [index, c] of SEG_CASES.entries()) {
  const request = segRequest(c, index)
  const { volume, source } = request.opened
  const path = join(process.argv[2], segFileName(index))
  await writeSeg(path, request)
  await writeNifti(path.replace('.dcm', '.nii.gz'), volume, request.mask, source)
}
