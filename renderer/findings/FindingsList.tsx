import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef } from 'react'
import { t } from '../i18n/index.ts'
import { useReview } from '../state/review.ts'
import type { OpenResult } from '../state/session.ts'
import { deleteDrawn, goTo } from './actions.ts'
import { FindingRow, rowId } from './FindingRow.tsx'
import classes from './findings.module.css'
import { findingsOf, type Group, neighbour, type Row } from './order.ts'
import type { ReviewFinding } from './reviewFindings.ts'
import { stateWords } from './words.ts'

/** So that what is done to a finding can give the keyboard back. */
export const LIST_ID = 'findings-list'

const ROW_PX = 64
const GROUP_PX = 26
const PAGE = 8

/** The list itself; only what can be seen of it is in the document. */
export function FindingsList({ rows, result }: { rows: readonly Row[]; result: OpenResult }) {
  const scroll = useRef<HTMLDivElement>(null)
  const selectedKey = useReview((s) => s.selectedKey)
  const list = useMemo(() => findingsOf(rows), [rows])
  const positions = useMemo(() => new Map(list.map((f, i) => [f.key, i + 1])), [list])
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: (index) => (rows[index].kind === 'group' ? GROUP_PX : ROW_PX),
    getItemKey: (index) => {
      const row = rows[index]
      return row.kind === 'group' ? `group-${row.group}` : row.finding.key
    },
    overscan: 3,
  })
  const shape = useMemo(() => rows.map((row) => (row.kind === 'group' ? 'g' : 'f')).join(''), [rows])
  // biome-ignore lint/correctness/useExhaustiveDependencies: heights are kept by index until told to forget them
  useEffect(() => virtualizer.measure(), [shape, virtualizer])

  const at = rows.findIndex((row) => row.kind === 'finding' && row.finding.key === selectedKey)
  useEffect(() => {
    if (at >= 0) virtualizer.scrollToIndex(at, { align: 'auto' })
  }, [at, virtualizer])

  const choose = useCallback((finding: ReviewFinding) => {
    scroll.current?.focus()
    goTo(finding)
  }, [])

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'Delete' && selectedKey?.startsWith('drawn-')) {
      event.preventDefault()
      void deleteDrawn(selectedKey)
      return
    }
    const to = target(event.key, list, selectedKey)
    if (!to) return
    event.preventDefault()
    goTo(to)
  }

  const items = virtualizer.getVirtualItems()
  const seen = items.some((item) => item.index === at)
  return (
    <div
      ref={scroll}
      className={classes.list}
      role="listbox"
      id={LIST_ID}
      tabIndex={0}
      aria-label={t('findings.list')}
      aria-activedescendant={seen && selectedKey ? rowId(selectedKey) : undefined}
      onKeyDown={onKeyDown}
    >
      <div role="presentation" style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
        {items.map(({ key, index, start, size }) => {
          const row = rows[index]
          return (
            <div
              key={key}
              role="presentation"
              className={classes.item}
              style={{ height: size, transform: `translateY(${start}px)` }}
            >
              {row.kind === 'group' ? (
                <div className={classes.group} aria-hidden>
                  {t('findings.group.count', { name: groupWords(row.group), count: row.count })}
                </div>
              ) : (
                <FindingRow
                  finding={row.finding}
                  profile={result.profile}
                  selected={row.finding.key === selectedKey}
                  position={positions.get(row.finding.key) ?? 0}
                  total={list.length}
                  onChoose={choose}
                />
              )}
            </div>
          )
        })}
      </div>
    </div>
  )
}

function target(key: string, list: readonly ReviewFinding[], selected: string | null): ReviewFinding | null {
  const at = list.findIndex((f) => f.key === selected)
  const page = (by: number) => list[Math.min(Math.max(at + by, 0), list.length - 1)] ?? null
  switch (key) {
    case 'ArrowDown':
      return neighbour(list, selected, 1)
    case 'ArrowUp':
      return neighbour(list, selected, -1)
    case 'PageDown':
      return page(PAGE)
    case 'PageUp':
      return page(-PAGE)
    case 'Home':
      return list[0] ?? null
    case 'End':
      return list.at(-1) ?? null
    // Again to the finding that is selected, after the views were moved away.
    case 'Enter':
      return list[at] ?? null
    default:
      return null
  }
}

function groupWords(group: Group): string {
  return group === 'hidden' ? t('findings.group.hidden') : stateWords(group)
}
