import { basename } from 'node:path'
import { WorkstationError } from '../../errors.ts'
import type { DicomHeader } from './header.ts'
import { transferSyntaxName } from './uids.ts'

export function truncatedSlice(header: Pick<DicomHeader, 'file'>, detail?: unknown): WorkstationError {
  return new WorkstationError(
    'input/truncated',
    `The image ${basename(header.file)} is incomplete: the file ends before its picture does. Copy it again from where it came.`,
    detail ?? header.file,
  )
}

export function unsupportedSyntax(uid: string): string {
  return `This series cannot be screened yet: its images are compressed as ${transferSyntaxName(uid)}, which is not supported.`
}
