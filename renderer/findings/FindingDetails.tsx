import { ActionIcon, Button, Kbd, Text, Tooltip } from '@mantine/core'
import { IconEraser, IconTrash } from '@tabler/icons-react'
import type { ReviewState } from '../../preload/records.ts'
import { t } from '../i18n/index.ts'
import { useSession } from '../state/session.ts'
import { rarityWords } from '../words/level.ts'
import { deleteDrawn, judge, restoreOutline } from './actions.ts'
import { STATE_KEYS } from './commands.ts'
import classes from './findings.module.css'
import { LabelPicker } from './LabelPicker.tsx'
import { NoteEditor } from './NoteEditor.tsx'
import type { ReviewFinding } from './reviewFindings.ts'
import { StateIcon } from './StateMark.tsx'
import { huWords, numberWords, positionWords, stateWords, volumeWords } from './words.ts'

/** Too long for half a line. */
const WIDE = new Set(['extent', 'position'])

const ORDER: readonly ReviewState[] = ['confirmed', 'false-positive', 'uncertain', 'unreviewed']

/** What the reader says of the selected finding, and what was measured of it. */
export function FindingDetails({ finding }: { finding: ReviewFinding | undefined }) {
  if (!finding)
    return (
      <Text size="sm" c="dimmed" className={classes.details ?? ''}>
        {t('finding.none')}
      </Text>
    )
  const { key, origin, corrected, label, note } = finding
  return (
    <section className={classes.details} aria-label={t('finding.details')}>
      <fieldset className={classes.stateButtons} aria-label={t('finding.state')}>
        {ORDER.map((state) => (
          <StateButton key={state} state={state} chosen={finding.state === state} />
        ))}
      </fieldset>
      <div className={classes.said}>
        <LabelPicker findingKey={key} label={label} />
        {corrected && (
          <Tooltip label={t('finding.machineOutline')}>
            <ActionIcon aria-label={t('finding.machineOutline')} onClick={() => restoreOutline(key)}>
              <IconEraser size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
        )}
        {origin === 'drawn' && (
          <Tooltip label={t('finding.delete')}>
            <ActionIcon aria-label={t('finding.delete')} onClick={() => deleteDrawn(key)}>
              <IconTrash size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      <NoteEditor key={key} findingKey={key} note={note} />
      <Measures finding={finding} />
    </section>
  )
}

function StateButton({ state, chosen }: { state: ReviewState; chosen: boolean }) {
  return (
    <Button
      size="compact-sm"
      variant={chosen ? 'light' : 'default'}
      justify="flex-start"
      aria-pressed={chosen}
      leftSection={<StateIcon state={state} size={14} />}
      rightSection={<Kbd>{STATE_KEYS[state]}</Kbd>}
      title={t('finding.state.key', { state: stateWords(state), key: STATE_KEYS[state] })}
      aria-keyshortcuts={STATE_KEYS[state]}
      classNames={{ label: classes.stateLabel ?? '', inner: classes.stateInner ?? '' }}
      onClick={() => judge(state)}
    >
      {stateWords(state)}
    </Button>
  )
}

function Measures({ finding }: { finding: ReviewFinding }) {
  const spacing = useSession((s) => s.scan?.grid.spacing)
  const { volumeMl, peakLevel, meanLevel, centreMm } = finding
  const level = (value: number | null) => (value === null ? t('finding.notMeasured') : rarityWords(value))
  const { min, max } = finding.extentIndex
  const edge = (axis: 0 | 1 | 2) => ((max[axis] - min[axis] + 1) * (spacing?.[axis] ?? 0)).toFixed(0)
  const rows = [
    ['volume', volumeWords(volumeMl)],
    ['hu', huWords(finding)],
    ['peak', level(peakLevel)],
    ['mean', level(meanLevel)],
    ['extent', t('finding.extent.value', { x: edge(0), y: edge(1), z: edge(2) })],
    ['position', positionWords(centreMm)],
  ]
  return (
    <dl className={classes.measures} aria-label={numberWords(finding)}>
      {rows.map(([name, value]) => (
        <div key={name} className={classes.measure} data-wide={WIDE.has(name) || undefined}>
          <dt>{t(`finding.${name}`)}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
