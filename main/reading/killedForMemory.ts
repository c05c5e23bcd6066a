import { readFileSync } from 'node:fs'

/**
 * How many processes Linux has ended since it was started because memory ran short, also those of one container's
 * limit: 'oom_kill' of /proc/vmstat. Undefined on other systems, and where it is not told.
 */
export function memoryKills(): number | undefined {
  try {
    const [, count] = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'latin1')) ?? []
    return count === undefined ? undefined : Number(count)
  } catch {
    return undefined
  }
}

/**
 * Why a process that this program did not end was ended, as far as it can be told; a sentence or two.
 * @param killsBefore what `memoryKills` said when it was still at work, and `killsAfter` what it says now
 */
export function reasonOfDeath(
  exit: { signal: string | null; stderr: string },
  killsBefore: number | undefined,
  killsAfter: number | undefined,
): string {
  const memory = 'The computer does this when memory runs short; close other programs and try again.'
  if (/out of memory/i.test(exit.stderr)) return memory
  if (exit.signal !== 'SIGKILL') return 'A damaged file is the usual cause.'
  if (killsBefore === undefined || killsAfter === undefined) {
    return 'The system or another program ended it, perhaps because memory ran short; try again.'
  }
  return killsAfter > killsBefore ? memory : 'The system or another program ended it; try again.'
}
