import { flushSync } from 'react-dom'
import { runCommand } from '../commands/registry.ts'
import { EDITING_TOOLS, INITIAL_VIEW, setView, useView } from '../state/view.ts'

export const PANEL_ID = 'findings-panel'

/** For commands that ask something there: the reader may have folded the panel away. */
export function showPanel(): void {
  if (document.getElementById(PANEL_ID)?.offsetWidth === 0) runCommand('window.findings')
}

/** The same for what is said of the selected finding, which gives way to the drawing tools on low windows. */
export function showDetails(then: () => void): void {
  // Drawn at once: what is typed before the field has the keyboard would be taken for commands.
  flushSync(() => {
    showPanel()
    const isDrawing = EDITING_TOOLS.includes(useView.getState().tool)
    if (isDrawing && window.matchMedia('(max-height: 1150px)').matches) setView({ tool: INITIAL_VIEW.tool })
  })
  then()
}
