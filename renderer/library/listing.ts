import type { FolderListing } from '../../preload/records.ts'

export type Entry = FolderListing['entries'][number]

/** Folders first, then by name as people count: `scan 2` before `scan 10`. */
export function inOrder(entries: readonly Entry[]): Entry[] {
  return [...entries].sort(
    (a, b) =>
      Number(b.kind === 'folder') - Number(a.kind === 'folder') ||
      a.name.localeCompare(b.name, undefined, { numeric: true, sensitivity: 'base' }),
  )
}

export interface Crumb {
  name: string
  path: string
}

/** The folders above a path and itself, outermost first: `/a/b` → `/`, `/a`, `/a/b`. */
export function crumbs(path: string): Crumb[] {
  const separator = /^[A-Za-z]:\\|^\\\\/.test(path) ? '\\' : '/'
  const parts = path.split(separator).filter(Boolean)
  const root = path.startsWith('\\\\') ? '\\\\' : path.startsWith(separator) ? separator : ''
  const found: Crumb[] = root === '/' ? [{ name: '/', path: '/' }] : []
  parts.forEach((name, i) => {
    const to = root + parts.slice(0, i + 1).join(separator)
    found.push({ name, path: /^[A-Za-z]:$/.test(to) ? `${to}\\` : to })
  })
  return found
}
