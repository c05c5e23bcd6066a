import type { RunEntry, RunProgress } from '../../preload/records.ts'

/** Whether something may still become of it. */
export const isActive = ({ status }: Pick<RunEntry, 'status'>): boolean =>
  status === 'queued' || status === 'running'

/** Part of the present stage that is done, whole percent; null while unknown. */
export function percentOf({ progress }: Pick<RunEntry, 'progress'>): number | null {
  if (!progress || progress.total === 0) return null
  return Math.floor((100 * Math.min(progress.done, progress.total)) / progress.total)
}

export interface Words {
  key: string
  values: Record<string, number>
}

/** What the stage counts, as a key of the catalogue with its values; undefined where there is nothing to count yet. */
export function countWords({ stage, done, total }: RunProgress): Words | undefined {
  // One step that is not done yet says no more than the stage's name.
  if (total === 0 || (total === 1 && stage !== 'inference')) return undefined
  const unit = stage === 'scanning' ? 'files' : stage === 'inference' ? 'tiles' : 'steps'
  return { key: `run.count.${unit}`, values: { done, total } }
}

/** Time left, no finer than it is known; undefined where it is not. */
export function timeLeftWords(seconds: number | null): Words | undefined {
  if (seconds === null || !Number.isFinite(seconds) || seconds < 0) return undefined
  if (seconds < 5) return { key: 'time.seconds', values: {} }
  if (seconds < 55) return { key: 'time.aboutSeconds', values: { count: Math.ceil(seconds / 10) * 10 } }
  const minutes = Math.max(1, Math.round(seconds / 60))
  if (minutes < 60) return { key: 'time.aboutMinutes', values: { count: minutes } }
  return {
    key: 'time.aboutHours',
    values: { hours: Math.floor(minutes / 60), minutes: minutes % 60 },
  }
}

/** Runs that wait or go on, the one that goes on first, then in the order in which they will. */
export function queueOf(runs: readonly RunEntry[]): RunEntry[] {
  return runs
    .filter(isActive)
    .sort(
      (a, b) =>
        Number(b.status === 'running') - Number(a.status === 'running') ||
        a.createdAt.localeCompare(b.createdAt),
    )
}

/** Runs that ended, the last one first. */
export function endedRuns(runs: readonly RunEntry[]): RunEntry[] {
  return runs
    .filter((run) => !isActive(run))
    .sort((a, b) => (b.finishedAt ?? b.createdAt).localeCompare(a.finishedAt ?? a.createdAt))
}
