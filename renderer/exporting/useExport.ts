import { create } from 'zustand'
import type { ErrorRecord, ExportResult } from '../../preload/records.ts'
import { asCallError, call } from '../api/index.ts'
import type { ReviewFinding } from '../findings/reviewFindings.ts'
import { t } from '../i18n/index.ts'
import { forgetJob } from '../state/library.ts'
import { thresholdLevel, useOverlay } from '../state/overlay.ts'
import type { OpenResult, OpenScan } from '../state/session.ts'
import { captureKeyImage } from '../viewer/index.tsx'
import { keyImages } from './keyImages.ts'
import { type ExportChoices, exportRequest } from './request.ts'

type Phase =
  | { name: 'choosing'; error: ErrorRecord | null }
  | { name: 'drawing'; done: number; total: number }
  | { name: 'writing'; job: string; cancelling: boolean }
  | { name: 'written'; result: ExportResult }

/** How far the export is. */
export const useExport = create<{ phase: Phase }>(() => ({ phase: { name: 'choosing', error: null } }))

const setPhase = (phase: Phase) => useExport.setState({ phase })
export const backToChoosing = (): void => setPhase({ name: 'choosing', error: null })

let stop = new AbortController()

/** Draws the key images where they are wanted, and has main write the rest. */
export async function startExport(
  scan: OpenScan,
  { run }: OpenResult,
  choices: ExportChoices,
  included: readonly ReviewFinding[],
): Promise<void> {
  const overlay = useOverlay.getState()
  const level = thresholdLevel(overlay)
  if (level === undefined) return
  stop = new AbortController()
  const job = crypto.randomUUID()
  try {
    const wanted = choices.formats.includes('key-images') ? included : []
    if (wanted.length > 0) setPhase({ name: 'drawing', done: 0, total: wanted.length })
    const images = await keyImages(wanted, captureKeyImage, stop.signal, (done) =>
      setPhase({ name: 'drawing', done, total: wanted.length }),
    )
    setPhase({ name: 'writing', job, cancelling: false })
    const at = { level, minVolumeMl: overlay.minVolumeMl }
    const result = await call('export.write', {
      ...exportRequest(run, scan.series, at, choices, images),
      job,
    })
    setPhase({ name: 'written', result })
  } catch (thrown) {
    const { code, message, detail } = asCallError(thrown)
    setPhase({
      name: 'choosing',
      error: stop.signal.aborted
        ? { code: 'cancelled', message: t('export.cancelled') }
        : { code, message, ...(detail ? { detail } : {}) },
    })
  } finally {
    forgetJob(job)
  }
}

export async function cancelExport(): Promise<void> {
  const { phase } = useExport.getState()
  stop.abort()
  if (phase.name !== 'writing') return
  setPhase({ ...phase, cancelling: true })
  // Where it cannot be cancelled any more it is about to be written.
  await call('export.cancel', { job: phase.job }).catch(() => undefined)
}
