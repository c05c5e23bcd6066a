import { Progress } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useShallow } from 'zustand/react/shallow'
import { useLibrary } from '../state/library.ts'
import { useSession } from '../state/session.ts'
import { type PaneId, setView, useView } from '../state/view.ts'
import { FourthControls } from './FourthControls.tsx'
import { pointerTool } from './layers.ts'
import { PANE_COLOURS } from './overlay/paneColours.ts'
import type { Painter } from './render/painter.ts'
import { shownPanes } from './shownPanes.ts'
import { setPaneSize, useStage } from './stage.ts'
import { listenToPane } from './tools/input.ts'
import css from './viewer.module.css'

/** The panes of the layout, over the canvas that holds their images. */
export function PaneGrid({ painter }: { painter: Painter }) {
  const { t } = useTranslation()
  const shown = useView(useShallow(shownPanes))
  const scan = useSession((s) => s.scan)
  const shape = shown.length === 1 ? 'single' : shown.length === 3 ? 'oneTwo' : 'grid'
  return (
    <>
      <section className={`${css.panes} ${css[shape]}`} aria-label={t('viewer.panes')}>
        {scan && shown.map((pane) => <Pane key={pane} pane={pane} painter={painter} />)}
      </section>
      <Notice />
    </>
  )
}

function Pane({ pane, painter }: { pane: PaneId; painter: Painter }) {
  const { t } = useTranslation()
  const element = useRef<HTMLDivElement>(null)
  const overlay = useRef<HTMLCanvasElement>(null)
  const active = useView((s) => s.activePane === pane)
  const tool = useView((s) => s.tool)

  useEffect(() => {
    const box = element.current!
    const off = [painter.mount(pane, box, overlay.current!), listenToPane(box, pane)]
    const observer = new ResizeObserver(() => {
      const { width, height } = box.getBoundingClientRect()
      if (width > 0 && height > 0) setPaneSize(pane, { widthPx: width, heightPx: height })
    })
    observer.observe(box)
    return () => {
      observer.disconnect()
      setPaneSize(pane, null)
      for (const end of off) end()
    }
  }, [pane, painter])

  return (
    <div className={css.cell} data-active={active || undefined}>
      <div
        ref={element}
        className={css.pane}
        style={{ cursor: pointerTool(tool)?.cursor ?? 'default' }}
        role="application"
        aria-label={t(`viewer.pane.${pane}`)}
        aria-description={t('viewer.paneHelp')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys scroll the pane that has the focus
        tabIndex={0}
        data-pane={pane}
        onFocus={() => setView({ activePane: pane })}
      >
        <canvas ref={overlay} className={css.layers} />
      </div>
      <span className={css.mark} style={{ background: PANE_COLOURS[pane] }} aria-hidden="true" />
      {pane === 'fourth' && <FourthControls />}
    </div>
  )
}

/** What there is instead of images. */
function Notice() {
  const { t } = useTranslation()
  const { problem, ready } = useStage()
  const scan = useSession((s) => s.scan)
  const loading = useSession((s) => s.loading)
  const loaded = useSession((s) => s.loaded)
  const seriesId = useSession((s) => s.seriesId)
  // While main reads the files there are no bytes to count yet.
  const reading = useLibrary((s) => (seriesId === null ? undefined : s.jobs[seriesId]))
  if (problem)
    return (
      <p className={css.notice} role="alert">
        {t(`viewer.problem.${problem}`)}
      </p>
    )
  if (loading) {
    const text = t(loading === 'series' ? 'viewer.loadingSeries' : 'viewer.loadingRun')
    const part = loaded ?? (reading && reading.total > 0 ? reading.done / reading.total : null)
    return (
      <div className={loading === 'series' ? css.notice : css.corner} role="status">
        {text}
        <Progress size="xs" aria-label={text} value={(part ?? 1) * 100} animated={part === null} />
      </div>
    )
  }
  if (!scan) return <p className={css.notice}>{t('viewer.nothing')}</p>
  if (!ready)
    return (
      <p className={css.notice} role="status">
        {t('viewer.preparing')}
      </p>
    )
  return null
}
