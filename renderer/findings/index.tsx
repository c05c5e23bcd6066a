import { Title, VisuallyHidden } from '@mantine/core'
import { useEffect } from 'react'
import { registerCommands } from '../commands/registry.ts'
import { t } from '../i18n/index.ts'
import { useReview } from '../state/review.ts'
import { type OpenResult, useSession } from '../state/session.ts'
import { EDITING_TOOLS, useView } from '../state/view.ts'
import { findingsCommands } from './commands.ts'
import { useFindings } from './current.ts'
import { AllFiltered, Filtered, NoRun, NothingFound } from './EmptyState.tsx'
import { FindingDetails } from './FindingDetails.tsx'
import { FindingsHeader } from './FindingsHeader.tsx'
import { FindingsList } from './FindingsList.tsx'
import classes from './findings.module.css'
import { useFindingsUi } from './findingsUi.ts'
import { LabelEditor } from './LabelEditor.tsx'
import { ListTools } from './ListTools.tsx'
import { findingsOf } from './order.ts'
import { PANEL_ID } from './showPanel.ts'

/** The findings of the run on screen. Once in the window, for it also brings the keys. */
export function FindingsPanel() {
  useEffect(() => registerCommands(findingsCommands()), [])
  const result = useSession((s) => s.result)
  const drawing = useView((view) => EDITING_TOOLS.includes(view.tool))
  return (
    <section
      id={PANEL_ID}
      className={classes.panel}
      aria-label={t('findings.title')}
      data-drawing={drawing || undefined}
    >
      {result ? (
        <Review result={result} />
      ) : (
        <>
          <header className={classes.header}>
            <Title order={2}>{t('findings.title')}</Title>
          </header>
          <NoRun />
        </>
      )}
      <LabelEditor />
      <Announcements />
    </section>
  )
}

function Review({ result }: { result: OpenResult }) {
  const { findings, rows } = useFindings()
  const selectedKey = useReview((s) => s.selectedKey)
  const hidden = findings.length - findingsOf(rows).length
  const selected = findings.find((finding) => finding.key === selectedKey)
  return (
    <>
      <FindingsHeader findings={findings} result={result} />
      <ListTools />
      {hidden > 0 && rows.length > 0 && <Filtered count={hidden} />}
      {rows.length > 0 ? (
        <FindingsList rows={rows} result={result} />
      ) : findings.length > 0 ? (
        <AllFiltered count={findings.length} />
      ) : (
        <NothingFound />
      )}
      {findings.length > 0 && <FindingDetails finding={selected} />}
    </>
  )
}

/** What changed, for assistive technology. */
function Announcements() {
  const announcement = useFindingsUi((s) => s.announcement)
  return (
    <VisuallyHidden>
      <output aria-live="polite">{announcement}</output>
    </VisuallyHidden>
  )
}

export { currentFinding, currentFindings } from './current.ts'
