import type { Command } from '../commands/registry.ts'
import { undoOf } from '../state/history.ts'
import { selectFinding, useReview } from '../state/review.ts'
import { useSession } from '../state/session.ts'
import { setView, type Tool } from '../state/view.ts'
import { EditingRefusal } from './outline.ts'
import { scaleBrush, setEditing, useEditing } from './state.ts'
import { interpolateOutline } from './tools.ts'

const hasRun = () => useSession.getState().result !== null
const hasSelected = () => hasRun() && useReview.getState().selectedKey !== null

/** What one press of the key changes the brush by. */
const BRUSH_FACTOR = 1.2

export function editingCommands(report: (error: unknown) => void): Command[] {
  const tool = (id: string, key: string, chosen: Tool): Command => ({
    id,
    group: 'edit',
    keys: [key],
    enabled: hasRun,
    run: () => setView({ tool: chosen }),
  })
  return [
    tool('edit.brush', 'b', 'brush'),
    tool('edit.eraser', 'x', 'eraser'),
    tool('edit.thresholdBrush', 'Shift+b', 'threshold-brush'),
    tool('edit.fill', 'g', 'fill'),
    { id: 'edit.new', group: 'edit', keys: ['d'], enabled: hasRun, run: drawNew },
    {
      id: 'edit.interpolate',
      group: 'edit',
      keys: ['Shift+i'],
      enabled: hasSelected,
      run: () => interpolateOutline().catch(report),
    },
    { id: 'edit.larger', group: 'edit', keys: ['Alt+ArrowUp'], run: () => scaleBrush(BRUSH_FACTOR) },
    { id: 'edit.smaller', group: 'edit', keys: ['Alt+ArrowDown'], run: () => scaleBrush(1 / BRUSH_FACTOR) },
    {
      id: 'edit.shape',
      group: 'edit',
      keys: ['Shift+d'],
      run: () => setEditing({ shape: useEditing.getState().shape === 'disc' ? 'ball' : 'disc' }),
    },
    {
      id: 'edit.undoFinding',
      group: 'edit',
      keys: ['Shift+z'],
      enabled: hasSelected,
      run: () => undoSelected().catch(report),
    },
  ]
}

/** The next stroke begins a finding of the reader's own. */
export function drawNew(): void {
  selectFinding(null)
  setView({ tool: 'brush' })
}

export async function undoSelected(): Promise<void> {
  const { selectedKey } = useReview.getState()
  if (!selectedKey) return
  if (!(await undoOf(selectedKey))) throw new EditingRefusal('editing.refused.nothingToUndo')
}
