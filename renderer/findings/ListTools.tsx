import { ActionIcon, CloseButton, Menu, Select, TextInput, Tooltip } from '@mantine/core'
import { IconFilter, IconLayoutList, IconSortAscending, IconSortDescending } from '@tabler/icons-react'
import { memo } from 'react'
import { t } from '../i18n/index.ts'
import classes from './findings.module.css'
import { setFindingsUi, useFindingsUi } from './findingsUi.ts'
import { SORTS, type Sort, STATES } from './order.ts'
import { StateIcon } from './StateMark.tsx'
import { stateWords } from './words.ts'

/** Sort, filter and group. */
export const ListTools = memo(function ListTools() {
  const { sort, reversed, text, grouped } = useFindingsUi()
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
      <StatesMenu />
      <Select
        w={104}
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
    </div>
  )
})

function StatesMenu() {
  const states = useFindingsUi((s) => s.states)
  const label = t('findings.filter.states')
  return (
    <Menu closeOnItemClick={false} position="bottom-end" withinPortal>
      <Menu.Target>
        <Tooltip label={label}>
          <ActionIcon aria-label={label} variant={states.length > 0 ? 'light' : 'subtle'}>
            <IconFilter size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {STATES.map((state) => (
          <Menu.CheckboxItem
            key={state}
            checked={states.includes(state)}
            rightSection={<StateIcon state={state} />}
            onChange={(checked) =>
              setFindingsUi({ states: STATES.filter((s) => (s === state ? checked : states.includes(s))) })
            }
          >
            {stateWords(state)}
          </Menu.CheckboxItem>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => setFindingsUi({ states: [] })}>{t('findings.filter.all')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
