import { ActionIcon, CloseButton, Select, TextInput, Tooltip } from '@mantine/core'
import { IconLayoutList, IconSortAscending, IconSortDescending } from '@tabler/icons-react'
import type { ReviewState } from '../../preload/records.ts'
import { t } from '../i18n/index.ts'
import classes from './findings.module.css'
import { setFindingsUi, useFindingsUi } from './findingsUi.ts'
import { SORTS, type Sort, STATES } from './order.ts'
import { StateIcon } from './StateMark.tsx'
import { stateWords } from './words.ts'

/** Sort, filter and group. */
export function ListTools() {
  const { sort, reversed, text, grouped, states } = useFindingsUi()
  const toggle = (state: ReviewState) =>
    setFindingsUi({ states: states.includes(state) ? states.filter((s) => s !== state) : [...states, state] })
  const Direction = reversed ? IconSortAscending : IconSortDescending
  return (
    <div className={classes.tools}>
      <TextInput
        className={classes.filter ?? ''}
        aria-label={t('findings.filter')}
        placeholder={t('findings.filter.placeholder')}
        value={text}
        onChange={(event) => setFindingsUi({ text: event.currentTarget.value })}
        rightSection={
          text !== '' && (
            <CloseButton
              size="xs"
              aria-label={t('findings.filter.clear')}
              onClick={() => setFindingsUi({ text: '' })}
            />
          )
        }
      />
      <div className={classes.toolRow}>
        <Select
          w={118}
          aria-label={t('findings.sort')}
          data={SORTS.map((value) => ({ value, label: t(`findings.sort.${value}`) }))}
          value={sort}
          onChange={(value) => value && setFindingsUi({ sort: value as Sort })}
        />
        <Tooltip label={t('findings.reverse')}>
          <ActionIcon
            aria-label={t('findings.reverse')}
            aria-pressed={reversed}
            onClick={() => setFindingsUi({ reversed: !reversed })}
          >
            <Direction size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={t('findings.group')}>
          <ActionIcon
            aria-label={t('findings.group')}
            aria-pressed={grouped}
            variant={grouped ? 'light' : 'subtle'}
            onClick={() => setFindingsUi({ grouped: !grouped })}
          >
            <IconLayoutList size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <fieldset className={classes.states} aria-label={t('findings.filter.states')}>
          {STATES.map((state) => (
            <Tooltip key={state} label={stateWords(state)}>
              <ActionIcon
                aria-label={stateWords(state)}
                aria-pressed={states.includes(state)}
                variant={states.includes(state) ? 'light' : 'subtle'}
                onClick={() => toggle(state)}
              >
                <StateIcon state={state} />
              </ActionIcon>
            </Tooltip>
          ))}
        </fieldset>
      </div>
    </div>
  )
}
