import { useEffect } from 'react'
import { t } from '../i18n/index.ts'
import { seriesName } from '../library/words.ts'
import { notify } from '../shell/notify.tsx'
import { useLibrary } from '../state/library.ts'
import { followReviews } from '../state/review.ts'
import { closeSession, useSession } from '../state/session.ts'
import { followFinishing } from './actions.ts'
import { currentFinding } from './current.ts'
import { numberWords } from './words.ts'

/**
 * Follows what other windows of this workstation do to what is on screen. Of the finding that the reader looks at, a
 * sentence says that it changed under their eyes; the others change in the list alone.
 */
export function useOtherWindows(): void {
  useEffect(() => {
    const ends = [
      followReviews(tellOfReview),
      followFinishing(tellOfFinish),
      useLibrary.subscribe(leaveRemoved),
    ]
    return () => {
      for (const end of ends) end()
    }
  }, [])
}

function tellOfReview(key: string): void {
  const finding = currentFinding(key)
  const name = finding ? numberWords(finding) : t('finding.drawn')
  notify(t('elsewhere.title'), t(finding ? 'elsewhere.changed' : 'elsewhere.deleted', { finding: name }))
}

const tellOfFinish = (finished: boolean) =>
  notify(t('elsewhere.title'), t(finished ? 'elsewhere.finished' : 'elsewhere.reopened'))

/** This window closes a series before it has it removed: one that leaves the list while it is open left elsewhere. */
function leaveRemoved(
  { series }: Pick<ReturnType<typeof useLibrary.getState>, 'series'>,
  before: Pick<ReturnType<typeof useLibrary.getState>, 'series'>,
): void {
  const { seriesId } = useSession.getState()
  const isOpen = ({ id }: { id: string }) => id === seriesId
  const gone = before.series.find(isOpen)
  if (series === before.series || !gone || series.some(isOpen)) return
  closeSession()
  notify(t('elsewhere.title'), t('elsewhere.removed', { name: seriesName(gone) }))
}
