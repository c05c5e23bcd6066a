import { useEffect, useLayoutEffect, useState } from 'react'
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
  const [painter, setPainter] = useState<Painter | null>(null)

  useEffect(() => registerCommands(viewerCommands()), [])
  useEffect(addViewerTools, [])
  useLayoutEffect(() => {
    const made = new Painter()
    captureWith(() => made.engine)
    setPainter(made)
    return () => {
      captureWith(() => null)
      made.destroy()
      setPainter(null)
    }
  }, [])

  return (
    <section className={css.viewer}>
      <Toolbar />
      <Warnings />
      <div className={css.stage}>
        {painter && <PaneGrid painter={painter} />}
        <RoiPanel />
      </div>
    </section>
  )
}
