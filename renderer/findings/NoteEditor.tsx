import { Textarea } from '@mantine/core'
import { type KeyboardEvent, memo, useEffect, useRef, useState } from 'react'
import { t } from '../i18n/index.ts'
import { IS_MAC } from '../shell/platform.ts'
import { setNote } from './actions.ts'
import { LIST_ID } from './FindingsList.tsx'

/** So that a command can find it. */
export const NOTE_ID = 'finding-note'
const LONGEST_NOTE = 10_000

interface Props {
  findingKey: string
  note: string
}

/**
 * A free note on one finding (give it the finding's key as React key). Saved on leaving it and with Mod+Enter; what is
 * being written stays where main could not store it.
 */
export const NoteEditor = memo(function NoteEditor({ findingKey, note }: Props) {
  const [text, setText] = useState(note)
  const [elsewhere, setElsewhere] = useState<string | null>(null)
  const stored = useRef(note)
  const written = useRef(note)
  const sent = useRef(note)

  // Undo, or another window: shown unless something else is being written.
  useEffect(() => {
    if (written.current === stored.current) {
      written.current = note
      setText(note)
    }
    const isKept = ![written.current, stored.current, sent.current].includes(note)
    setElsewhere(isKept ? note : null)
    stored.current = note
  }, [note])

  const write = (value: string) => {
    written.current = value
    setText(value)
  }
  const save = () => {
    if (written.current === stored.current) return
    sent.current = written.current
    void setNote(findingKey, written.current)
  }
  // Another finding was selected by other means than leaving the field.
  useEffect(() => {
    return () => {
      if (written.current !== stored.current) void setNote(findingKey, written.current)
    }
  }, [findingKey])

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    const mod = IS_MAC ? event.metaKey : event.ctrlKey
    if (event.key === 'Escape') {
      write(stored.current)
      setElsewhere(null)
    } else if (!(event.key === 'Enter' && mod)) return
    event.preventDefault()
    event.stopPropagation()
    // Leaving it saves.
    event.currentTarget.blur()
    document.getElementById(LIST_ID)?.focus()
  }

  return (
    <Textarea
      id={NOTE_ID}
      size="xs"
      autosize
      minRows={1}
      maxRows={5}
      maxLength={LONGEST_NOTE}
      aria-label={t('finding.note')}
      placeholder={t('finding.note.placeholder')}
      title={t('finding.note.hint', { key: IS_MAC ? '⌘ Enter' : 'Ctrl+Enter' })}
      value={text}
      description={elsewhere === null ? null : t('finding.note.elsewhere', { note: elsewhere })}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      onChange={(event) => write(event.currentTarget.value)}
      onBlur={save}
      onKeyDown={onKeyDown}
    />
  )
})
