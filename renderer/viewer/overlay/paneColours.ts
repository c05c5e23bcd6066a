import type { PaneId } from '../../state/view.ts'

/** Each plane's line in the other panes, and its own frame, have one colour. */
export const PANE_COLOURS: Readonly<Record<PaneId, string>> = {
  axial: '#ff8787',
  coronal: '#69db7c',
  sagittal: '#74c0fc',
  fourth: '#adb5bd',
}
