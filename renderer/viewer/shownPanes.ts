import { PANES, type PaneId, useView } from '../state/view.ts'

/** Panes on screen, the large one first. */
export function shownPanes(view = useView.getState()): PaneId[] {
  const { layout, maximised, largePane } = view
  if (maximised) return [maximised]
  if (layout === 'single') return [largePane]
  if (layout === 'grid') return [...PANES]
  return [largePane, ...PANES.filter((pane) => pane !== largePane).slice(0, 2)]
}
