import { CloseButton, UnstyledButton } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type OpenScan, useSession } from '../state/session.ts'
import { mainWords } from '../words/main.ts'
import css from './viewer.module.css'

/** What is to be known of the scan before it is read: gantry tilt, slices that fill a gap. */
export function Warnings() {
  const { t } = useTranslation()
  const scan = useSession((s) => s.scan)
  const [dismissed, setDismissed] = useState<OpenScan | null>(null)
  const [all, setAll] = useState(false)
  if (!scan || scan === dismissed || scan.warnings.length === 0) return null
  const shown = all ? scan.warnings : scan.warnings.slice(0, 1)
  const more = scan.warnings.length - 1
  return (
    <aside className={css.warnings} aria-label={t('viewer.warnings')}>
      <IconAlertTriangle size={15} aria-hidden="true" />
      <div>
        {shown.map((warning) => (
          <p key={warning.code + warning.message}>{mainWords(warning)}</p>
        ))}
      </div>
      {more > 0 && (
        <UnstyledButton className={css.more} onClick={() => setAll(!all)} aria-expanded={all}>
          {all ? t('viewer.fewerWarnings') : t('viewer.moreWarnings', { n: more })}
        </UnstyledButton>
      )}
      <CloseButton size="xs" aria-label={t('viewer.dismiss')} onClick={() => setDismissed(scan)} />
    </aside>
  )
}
