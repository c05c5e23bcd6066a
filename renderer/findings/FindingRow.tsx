import { VisuallyHidden } from '@mantine/core'
import { IconNote, IconPencil } from '@tabler/icons-react'
import { memo, useEffect, useRef } from 'react'
import { t } from '../i18n/index.ts'
import type { OpenResult } from '../state/session.ts'
import { rarityWords } from '../words/level.ts'
import classes from './findings.module.css'
import type { ReviewFinding } from './reviewFindings.ts'
import { StateIcon, stateColour } from './StateMark.tsx'
import { showThumbnail } from './thumbnails.ts'
import { huWords, locationWords, numberWords, stateWords, volumeWords } from './words.ts'

export const rowId = (key: string): string => `finding-${key}`

interface Props {
  finding: ReviewFinding
  profile: OpenResult['profile']
  selected: boolean
  position: number
  total: number
  onChoose: (finding: ReviewFinding) => void
}

/** One finding in the list: an option of the listbox, which has the keyboard. */
export const FindingRow = memo(function FindingRow({
  finding,
  profile,
  selected,
  position,
  total,
  onChoose,
}: Props) {
  const { place, tissue } = locationWords(finding, profile)
  const { state, label, note, corrected, hidden } = finding
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the listbox around it has the keys
    <div
      id={rowId(finding.key)}
      role="option"
      aria-selected={selected}
      aria-setsize={total}
      aria-posinset={position}
      tabIndex={-1}
      className={classes.row}
      data-hidden={hidden !== null || undefined}
      onClick={() => onChoose(finding)}
    >
      <Thumbnail finding={finding} />
      <div className={classes.texts}>
        <div className={classes.line}>
          <span className={classes.number}>{numberWords(finding)}</span>
          <span className={classes.place} title={place}>
            {place}
          </span>
        </div>
        <div className={classes.line}>
          {label ? (
            <span className={classes.label}>{label.text}</span>
          ) : (
            <span className={classes.dim}>{tissue}</span>
          )}
          {hidden && <span className={classes.dim}>{t(`finding.hidden.${hidden}`)}</span>}
          <span className={classes.state} style={{ color: stateColour(state) }}>
            <StateIcon state={state} size={14} />
            {stateWords(state)}
          </span>
        </div>
        <div className={classes.numbers}>
          <span>{volumeWords(finding.volumeMl)}</span>
          <span>{rarityWords(finding.peakLevel)}</span>
          <span>{huWords(finding)}</span>
          <span className={classes.marks}>
            {corrected && <Mark Icon={IconPencil} words={t('finding.corrected')} />}
            {note && <Mark Icon={IconNote} words={t('finding.hasNote')} />}
          </span>
        </div>
      </div>
    </div>
  )
})

function Mark({ Icon, words }: { Icon: typeof IconNote; words: string }) {
  return (
    <span title={words}>
      <Icon size={14} aria-hidden />
      <VisuallyHidden>{words}</VisuallyHidden>
    </span>
  )
}

function Thumbnail({ finding }: { finding: ReviewFinding }) {
  const holder = useRef<HTMLSpanElement>(null)
  useEffect(() => (holder.current ? showThumbnail(holder.current, finding) : undefined), [finding])
  return <span ref={holder} className={classes.thumbnail} aria-hidden />
}
