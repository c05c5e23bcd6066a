import { ActionIcon, Group, Tooltip } from '@mantine/core'
import { IconArrowBackUp, IconArrowForwardUp } from '@tabler/icons-react'
import { useEffect } from 'react'
import { type Command, registerCommands } from '../commands/registry.ts'
import { goTo } from '../findings/actions.ts'
import { currentFinding } from '../findings/current.ts'
import { announce } from '../findings/findingsUi.ts'
import { t } from '../i18n/index.ts'
import { notifyError } from '../shell/notify.tsx'
import { redo, type Undoable, undo, useHistory } from '../state/history.ts'
import { useReview } from '../state/review.ts'

/** What an action is called on screen. */
export function actionName({ name, values }: Pick<Undoable, 'name' | 'values'>): string {
  return t(name, { ...values })
}

/** Takes back the last action, says which, and shows the finding it was done to. */
export async function undoLast(): Promise<void> {
  await move(undo, 'history.undone', 'history.failed')
}

export async function redoLast(): Promise<void> {
  await move(redo, 'history.redone', 'history.failed.redo')
}

async function move(way: typeof undo, said: string, failed: string): Promise<void> {
  try {
    const action = await way()
    if (!action) return
    const { selectedKey } = useReview.getState()
    const finding = action.subject === selectedKey ? undefined : currentFinding(action.subject ?? null)
    if (finding) goTo(finding)
    announce(t(said, { name: actionName(action) }))
  } catch (error) {
    notifyError(t(failed), error)
  }
}

/** While an action is being stored it may become the one to take back: the key waits for its turn rather than be lost. */
function isAny(side: 'done' | 'undone'): boolean {
  const history = useHistory.getState()
  return history.busy || history[side].length > 0
}

function historyCommands(): Command[] {
  return [
    {
      id: 'edit.undo',
      group: 'edit',
      keys: ['Mod+z'],
      repeats: true,
      enabled: () => isAny('done'),
      run: undoLast,
    },
    {
      id: 'edit.redo',
      group: 'edit',
      keys: ['Mod+Shift+z', 'Mod+y'],
      repeats: true,
      enabled: () => isAny('undone'),
      run: redoLast,
    },
  ]
}

/** Undo and redo, each with the name of what it would do; once in the window, for it also brings the keys. */
export function UndoButtons() {
  const last = useHistory((s) => s.done.at(-1))
  const next = useHistory((s) => s.undone.at(-1))
  useEffect(() => registerCommands(historyCommands()), [])
  const undoLabel = last ? t('history.undo.named', { name: actionName(last) }) : t('history.undo')
  const redoLabel = next ? t('history.redo.named', { name: actionName(next) }) : t('history.redo')
  // aria-disabled, not disabled: a button that goes grey under the keyboard would lose it.
  return (
    <Group gap={2} wrap="nowrap">
      <Tooltip label={undoLabel}>
        <ActionIcon
          aria-label={undoLabel}
          aria-disabled={!last}
          style={{ opacity: last ? 1 : 0.4 }}
          onClick={undoLast}
        >
          <IconArrowBackUp size={18} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={redoLabel}>
        <ActionIcon
          aria-label={redoLabel}
          aria-disabled={!next}
          style={{ opacity: next ? 1 : 0.4 }}
          onClick={redoLast}
        >
          <IconArrowForwardUp size={18} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </Group>
  )
}
