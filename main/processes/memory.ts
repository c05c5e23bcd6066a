import { readFileSync } from 'node:fs'

/**
 * Largest resident size this process has had, in bytes. On Linux from VmHWM and not from getrusage: a child's
 * ru_maxrss starts with the size its parent had when it forked, so it would count the parent's memory twice.
 */
export function peakRssBytes(): number {
  if (process.platform === 'linux') {
    const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
    if (line) return Number(line[1]) * 1024
  }
  return process.resourceUsage().maxRSS * 1024
}
