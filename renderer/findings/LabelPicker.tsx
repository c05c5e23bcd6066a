import { Button, Combobox, useCombobox } from '@mantine/core'
import { IconTag } from '@tabler/icons-react'
import { memo, useEffect, useState } from 'react'
import type { FindingLabel } from '../../preload/records.ts'
import { t } from '../i18n/index.ts'
import { useLibrary } from '../state/library.ts'
import { setLabel, setLabels } from './actions.ts'
import { LIST_ID } from './FindingsList.tsx'
import classes from './findings.module.css'
import { setFindingsUi, useFindingsUi } from './findingsUi.ts'

const NONE = 'none'
const ADD = 'add'
const EDIT = 'edit'

interface Props {
  findingKey: string
  label: FindingLabel | null
}

/** The label of one finding, from the reader's own list; a search that finds nothing can be added to it. */
export const LabelPicker = memo(function LabelPicker({ findingKey, label }: Props) {
  const labels = useLibrary((s) => s.labels)
  const opened = useFindingsUi((s) => s.labelPickerOpen)
  const [search, setSearch] = useState('')
  const combobox = useCombobox({
    opened,
    onOpenedChange: (open) => setFindingsUi({ labelPickerOpen: open }),
  })
  const { focusSearchInput, resetSelectedOption } = combobox
  // Here, and not in the combobox's own handlers: it is opened and closed from outside too. Its field takes the focus
  // when it is drawn; what is typed until then is kept (keepKeys).
  useEffect(() => {
    if (opened) setTimeout(focusSearchInput, 0)
    else {
      resetSelectedOption()
      setSearch('')
    }
  }, [opened, focusSearchInput, resetSelectedOption])
  useEffect(() => () => setFindingsUi({ labelPickerOpen: false }), [])

  const wanted = search.trim()
  const found = matching(labels, wanted)
  const canAdd = wanted !== '' && !labels.some((l) => l.text.toLowerCase() === wanted.toLowerCase())

  const submit = async (value: string) => {
    setFindingsUi({ labelPickerOpen: false })
    document.getElementById(LIST_ID)?.focus()
    if (value === EDIT) setFindingsUi({ labelEditorOpen: true })
    else if (value === NONE) await setLabel(findingKey, null)
    else if (value === ADD) {
      const added: FindingLabel = { text: wanted, code: null }
      if (await setLabels([...labels, added])) await setLabel(findingKey, added)
    } else await setLabel(findingKey, labels[Number(value)])
  }

  return (
    <Combobox
      store={combobox}
      width={280}
      position="top-start"
      onOptionSubmit={submit}
      withinPortal
      keepMounted={false}
    >
      <Combobox.Target withAriaAttributes={false}>
        <Button
          variant="default"
          size="compact-sm"
          justify="flex-start"
          className={classes.labelButton ?? ''}
          leftSection={<IconTag size={14} aria-hidden />}
          aria-haspopup="listbox"
          aria-expanded={opened}
          aria-label={`${t('finding.label')}: ${label?.text ?? t('finding.label.choose')}`}
          onClick={() => combobox.toggleDropdown()}
        >
          {label?.text ?? t('finding.label.choose')}
        </Button>
      </Combobox.Target>
      <Combobox.Dropdown data-takes-focus>
        <Combobox.Search
          value={search}
          aria-label={t('finding.label.search')}
          placeholder={t('finding.label.search')}
          onChange={(event) => {
            setSearch(event.currentTarget.value)
            combobox.updateSelectedOptionIndex()
          }}
          onKeyDown={(event) => {
            if (event.key === 'Escape') combobox.focusTarget()
          }}
        />
        <Combobox.Options
          mah={260}
          style={{ overflowY: 'auto' }}
          tabIndex={0}
          aria-label={t('finding.label')}
        >
          {found.map(({ label: one, index }) => (
            <Combobox.Option key={one.text} value={String(index)} active={one.text === label?.text}>
              <span className={classes.labelOption}>
                <span>{one.text}</span>
                {one.code && (
                  <span className={classes.dim} title={one.code.meaning}>
                    {one.code.scheme} {one.code.value}
                  </span>
                )}
              </span>
            </Combobox.Option>
          ))}
          {canAdd && (
            <Combobox.Option value={ADD}>{t('finding.label.add', { text: wanted })}</Combobox.Option>
          )}
          {label && wanted === '' && (
            <Combobox.Option value={NONE}>{t('finding.label.none')}</Combobox.Option>
          )}
          <Combobox.Option value={EDIT}>{t('finding.label.edit')}</Combobox.Option>
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  )
})

/** Labels that hold all the words, in name, code or meaning; those whose name begins so first. */
function matching(labels: readonly FindingLabel[], search: string) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const begins = (label: FindingLabel) => (label.text.toLowerCase().startsWith(search.toLowerCase()) ? 0 : 1)
  return labels
    .map((label, index) => ({ label, index }))
    .filter(({ label: { text, code } }) => {
      const all = `${text} ${code?.value ?? ''} ${code?.meaning ?? ''}`.toLowerCase()
      return words.every((word) => all.includes(word))
    })
    .sort((a, b) => begins(a.label) - begins(b.label))
}
