import { useVirtualizer } from '@tanstack/react-virtual'
import type { KeyboardEvent, MouseEvent } from 'react'
import { useEffect, useRef } from 'react'
import { t } from '../i18n/index.ts'
import { useLibrary } from '../state/library.ts'
import { useSession } from '../state/session.ts'
import { dateWords } from '../words/dates.ts'
import { type Row, type StudyGroup, seriesIds } from './arrange.ts'
import css from './library.module.css'
import { showSeries } from './opening.ts'
import { SeriesRow } from './SeriesRow.tsx'
import { select, selectAll, useSelection } from './selection.ts'

const STUDY_PX = 32
const STUDY_DETAILS_PX = 48
const SERIES_PX = 66

function rowPx(row: Row): number {
  if (row.kind === 'series') return SERIES_PX
  return studyDetails(row.study) ? STUDY_DETAILS_PX : STUDY_PX
}

interface Props {
  rows: readonly Row[]
  /** Right click, or the menu key, on a series; at this place of the window, px. */
  onMenu: (place: { x: number; y: number }) => void
  onRemove: () => void
}

function StudyHeading({ study }: { study: StudyGroup }) {
  const id = study.patientId && t('patient.id', { id: study.patientId })
  const kind = study.sample ? t('library.sample') : t(`kind.${study.series[0].kind}`)
  return (
    <div className={css.study}>
      <b>{study.patient || id || kind}</b>
      <span>{dateWords(study.date)}</span>
      <small>{studyDetails(study)}</small>
    </div>
  )
}

/** Patient's id, where the name is there, and what was examined; '' where nothing is known. */
function studyDetails({ patient, patientId, description }: StudyGroup): string {
  const id = patient && patientId ? t('patient.id', { id: patientId }) : ''
  return [id, description].filter(Boolean).join(' · ')
}

/** All series of the library: only the lines on screen are drawn, so a thousand scroll like ten. */
export function SeriesList({ rows, onMenu, onRemove }: Props) {
  const list = useRef<HTMLDivElement>(null)
  const runs = useLibrary((state) => state.runs)
  const openId = useSession((state) => state.seriesId)
  const { ids, activeId } = useSelection()
  const order = seriesIds(rows)
  const lines = useVirtualizer({
    count: rows.length,
    getScrollElement: () => list.current,
    estimateSize: (i) => rowPx(rows[i]),
    getItemKey: (i) => {
      const row = rows[i]
      return row.kind === 'study' ? `study ${row.study.key}` : row.series.id
    },
    overscan: 6,
  })

  const activeRow = rows.findIndex((row) => row.kind === 'series' && row.series.id === activeId)
  useEffect(() => {
    if (activeRow >= 0) lines.scrollToIndex(activeRow)
  }, [activeRow, lines])

  const onKeyDown = (event: KeyboardEvent) => {
    const at = activeId === null ? -1 : order.indexOf(activeId)
    const page = Math.max(1, Math.floor((list.current?.clientHeight ?? 0) / SERIES_PX) - 1)
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: order.length - 1,
    }
    const to = moves[event.key]
    if (to !== undefined && order.length > 0) {
      const id = order[Math.min(Math.max(to, 0), order.length - 1)]
      select(order, id, event.shiftKey ? 'range' : 'only')
    } else if (event.key === 'Enter' && activeId) void showSeries(activeId)
    else if (event.key === ' ' && activeId) select(order, activeId, 'toggle')
    else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) selectAll(order)
    else if (event.key === 'Delete' && ids.size > 0) onRemove()
    else if ((event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) && activeId) {
      const box = list.current?.querySelector('[data-active]')?.getBoundingClientRect()
      onMenu({ x: (box?.left ?? 0) + 60, y: (box?.top ?? 0) + 30 })
    } else return
    event.preventDefault()
    event.stopPropagation()
  }

  const onSeries = (event: MouseEvent, id: string) => {
    if (event.type === 'contextmenu') {
      event.preventDefault()
      if (!ids.has(id)) select(order, id, 'only')
      onMenu({ x: event.clientX, y: event.clientY })
    } else if (event.type === 'dblclick') void showSeries(id)
    else select(order, id, event.shiftKey ? 'range' : event.ctrlKey || event.metaKey ? 'toggle' : 'only')
  }

  return (
    <div
      ref={list}
      className={css.list}
      role="listbox"
      aria-multiselectable
      aria-label={t('library.list')}
      aria-activedescendant={activeRow >= 0 ? `series-${activeId}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div className={css.sizer} style={{ height: lines.getTotalSize() }} role="presentation">
        {lines.getVirtualItems().map(({ key, index, start, size }) => {
          const row = rows[index]
          const style = { height: size, transform: `translateY(${start}px)` }
          if (row.kind === 'study')
            return (
              <div key={key} className={css.row} style={style} role="presentation">
                <StudyHeading study={row.study} />
              </div>
            )
          const { id } = row.series
          return (
            <div key={key} className={css.row} style={style} role="presentation">
              {/* biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys of all its options */}
              {/* biome-ignore lint/a11y/useFocusableInteractive: the list has the focus and names the active option */}
              <div
                id={`series-${id}`}
                role="option"
                className={css.series}
                aria-selected={ids.has(id)}
                aria-posinset={order.indexOf(id) + 1}
                aria-setsize={order.length}
                data-open={openId === id || undefined}
                data-active={activeId === id || undefined}
                onClick={(event) => onSeries(event, id)}
                onDoubleClick={(event) => onSeries(event, id)}
                onContextMenu={(event) => onSeries(event, id)}
              >
                <SeriesRow series={row.series} runs={runs} />
              </div>
            </div>
          )
        })}
      </div>
    </div>
  )
}
