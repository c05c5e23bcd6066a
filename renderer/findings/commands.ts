import type { ReviewState } from '../../preload/records.ts'
import type { Command } from '../commands/registry.ts'
import { useReview } from '../state/review.ts'
import { useSession } from '../state/session.ts'
import {
  askToFinish,
  deleteDrawn,
  finishReview,
  judge,
  restoreOutline,
  reviewFinished,
  step,
} from './actions.ts'
import { currentFinding } from './current.ts'
import { setFindingsUi } from './findingsUi.ts'
import { NOTE_ID } from './NoteEditor.tsx'
import { showDetails, showPanel } from './showPanel.ts'

/** Single keys, as they are shown too. */
export const STATE_KEYS: Readonly<Record<ReviewState, string>> = {
  confirmed: 'y',
  'false-positive': 'f',
  uncertain: 'u',
  unreviewed: '0',
}

const hasRun = () => useSession.getState().result !== null
const selected = () => currentFinding(useReview.getState().selectedKey)
const hasSelected = () => hasRun() && selected() !== undefined

const openLabelPicker = () => setFindingsUi({ labelPickerOpen: true })

export function findingsCommands(): Command[] {
  const state = (id: string, to: ReviewState): Command => ({
    id,
    group: 'findings',
    keys: [STATE_KEYS[to]],
    enabled: hasSelected,
    run: () => judge(to),
  })
  const walk = (id: string, keys: string[], by: 1 | -1): Command => ({
    id,
    group: 'findings',
    keys,
    repeats: true,
    enabled: hasRun,
    run: () => step(by),
  })
  return [
    walk('finding.next', ['j'], 1),
    walk('finding.previous', ['k'], -1),
    state('finding.confirmed', 'confirmed'),
    state('finding.falsePositive', 'false-positive'),
    state('finding.uncertain', 'uncertain'),
    state('finding.unreviewed', 'unreviewed'),
    {
      id: 'finding.label',
      group: 'findings',
      keys: ['t'],
      enabled: hasSelected,
      run: () => showDetails(openLabelPicker),
    },
    {
      id: 'finding.note',
      group: 'findings',
      keys: ['n'],
      enabled: hasSelected,
      run: () => showDetails(() => document.getElementById(NOTE_ID)?.focus()),
    },
    {
      id: 'finding.delete',
      group: 'findings',
      keys: ['Shift+Delete'],
      enabled: () => hasRun() && selected()?.origin === 'drawn',
      run: () => deleteDrawn(useReview.getState().selectedKey!),
    },
    {
      id: 'finding.machineOutline',
      group: 'findings',
      enabled: () => hasRun() && selected()?.corrected === true,
      run: async () => {
        await restoreOutline(useReview.getState().selectedKey!)
      },
    },
    {
      id: 'finding.finish',
      group: 'findings',
      enabled: () => hasRun() && !reviewFinished(),
      run: () => {
        showPanel()
        askToFinish()
      },
    },
    {
      id: 'finding.reopen',
      group: 'findings',
      enabled: () => hasRun() && reviewFinished(),
      run: () => finishReview(false),
    },
    { id: 'finding.editLabels', group: 'findings', run: () => setFindingsUi({ labelEditorOpen: true }) },
  ]
}
