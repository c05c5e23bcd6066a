import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { registerCommands } from '../commands/registry.ts'
import { captureWith } from './capture.ts'
import { viewerCommands } from './commands.ts'
import { PaneGrid } from './PaneGrid.tsx'
import { RoiPanel } from './RoiPanel.tsx'
import { Painter } from './render/painter.ts'
import { Toolbar } from './Toolbar.tsx'
import { addViewerTools } from './tools/index.ts'
import css from './viewer.module.css'
import { Warnings } from './Warnings.tsx'

export { captureKeyImage, type KeyImageOptions } from './capture.ts'

/** The images: toolbar, panes, and what is drawn over them. */
export function Viewer() {
  const holder = useRef<HTMLDivElement>(null)
  const [painter, setPainter] = useState<Painter | null>(null)

  useEffect(() => registerCommands(viewerCommands()), [])
  useEffect(addViewerTools, [])
  useLayoutEffect(() => {
    // A canvas of its own for each mounting: a lost context stays with its canvas.
    const canvas = document.createElement('canvas')
    canvas.className = css.images!
    canvas.setAttribute('aria-hidden', 'true')
    holder.current!.append(canvas)
    const made = new Painter(canvas)
    captureWith(() => made.renderer)
    setPainter(made)
    return () => {
      captureWith(() => null)
      made.destroy()
      canvas.remove()
      setPainter(null)
    }
  }, [])

  return (
    <section className={css.viewer}>
      <Toolbar />
      <Warnings />
      <div className={css.stage}>
        <div ref={holder} className={css.holder} />
        {painter && <PaneGrid painter={painter} />}
        <RoiPanel />
      </div>
    </section>
  )
}
