import { ActionIcon, Button, Group, Modal, Select, Text, TextInput } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import type { FindingLabel } from '../../preload/records.ts'
import { t } from '../i18n/index.ts'
import { useLibrary } from '../state/library.ts'
import { setLabels } from './actions.ts'
import classes from './findings.module.css'
import { setFindingsUi, useFindingsUi } from './findingsUi.ts'
import { draftOf, followed, type LabelDraft, labelOf, nextId, problemsOf } from './labelDraft.ts'

const close = () => setFindingsUi({ labelEditorOpen: false })

/** The reader's list of labels: add, rename, remove, give a code. */
export function LabelEditor() {
  const opened = useFindingsUi((s) => s.labelEditorOpen)
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={t('labels.title')}
      size={720}
      closeButtonProps={{ 'aria-label': t('labels.close') }}
    >
      {opened && <LabelForm />}
    </Modal>
  )
}

interface Form {
  drafts: readonly LabelDraft[]
  /** The list that they were made of, and follow. */
  from: readonly FindingLabel[]
  /** Whether another window changed the list meanwhile. */
  isMixed: boolean
}

function LabelForm() {
  const labels = useLibrary((s) => s.labels)
  const [form, setForm] = useState<Form>(() => ({
    drafts: labels.map(draftOf),
    from: labels,
    isMixed: false,
  }))
  const { drafts } = form
  const setDrafts = (changed: readonly LabelDraft[]) => setForm({ ...form, drafts: changed })
  if (form.from !== labels) {
    const merged = followed(drafts, form.from, labels)
    const isOwn = JSON.stringify(merged.map(labelOf)) === JSON.stringify(drafts.map(labelOf))
    setForm({ drafts: merged, from: labels, isMixed: form.isMixed || !isOwn })
  }
  const problems = problemsOf(drafts)
  const change = (index: number, part: Partial<LabelDraft>) =>
    setDrafts(drafts.with(index, { ...drafts[index], ...part }))
  const add = () =>
    setDrafts([...drafts, { id: nextId(drafts), text: '', scheme: '', value: '', meaning: '', was: null }])
  const save = async () => {
    if (problems.size === 0 && (await setLabels(drafts.map(labelOf)))) close()
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <Text size="sm" c="dimmed" mb="sm">
        {t('labels.hint')}
      </Text>
      <Text size="sm" role="status" mb={form.isMixed ? 'sm' : 0}>
        {form.isMixed ? t('labels.elsewhere') : ''}
      </Text>
      <ul className={classes.labelRows}>
        {drafts.map((draft, index) => (
          <LabelFields
            key={draft.id}
            draft={draft}
            number={index + 1}
            problem={problems.get(index)}
            onChange={(part) => change(index, part)}
            onRemove={() => setDrafts(drafts.toSpliced(index, 1))}
          />
        ))}
      </ul>
      <Group justify="space-between" mt="md">
        <Button variant="default" leftSection={<IconPlus size={14} aria-hidden />} onClick={add}>
          {t('labels.add')}
        </Button>
        <Group gap="xs">
          <Button variant="default" onClick={close}>
            {t('labels.cancel')}
          </Button>
          <Button type="submit" disabled={problems.size > 0}>
            {t('labels.save')}
          </Button>
        </Group>
      </Group>
    </form>
  )
}

interface FieldsProps {
  draft: LabelDraft
  number: number
  problem: string | undefined
  onChange: (part: Partial<LabelDraft>) => void
  onRemove: () => void
}

function LabelFields({ draft, number, problem, onChange, onRemove }: FieldsProps) {
  const named = (part: string) => `${t('labels.name', { number })}: ${t(`labels.${part}`)}`
  const wrong = problem === undefined ? false : t(`labels.error.${problem}`)
  const ofName = problem === 'empty' || problem === 'double'
  const schemes = [...new Set(['', 'SCT', 'DCM', draft.scheme])]
  return (
    <li className={classes.labelRow}>
      <TextInput
        aria-label={named('text')}
        value={draft.text}
        maxLength={200}
        error={ofName && wrong}
        data-autofocus={draft.text === '' || undefined}
        onChange={(event) => onChange({ text: event.currentTarget.value })}
      />
      <Select
        aria-label={named('scheme')}
        data={schemes.map((value) => ({ value, label: value || t('labels.scheme.none') }))}
        value={draft.scheme}
        onChange={(scheme) => onChange({ scheme: scheme ?? '' })}
      />
      <TextInput
        aria-label={named('code')}
        placeholder={t('labels.code')}
        value={draft.value}
        disabled={draft.scheme === ''}
        error={!ofName && wrong}
        onChange={(event) => onChange({ value: event.currentTarget.value })}
      />
      <TextInput
        aria-label={named('meaning')}
        placeholder={t('labels.meaning')}
        value={draft.meaning}
        disabled={draft.scheme === ''}
        onChange={(event) => onChange({ meaning: event.currentTarget.value })}
      />
      <ActionIcon
        aria-label={t('labels.remove', { text: draft.text || t('labels.name', { number }) })}
        onClick={onRemove}
      >
        <IconTrash size={16} aria-hidden />
      </ActionIcon>
    </li>
  )
}
