import { ActionIcon, Anchor, Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { IconArrowUp, IconFile, IconFolder } from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import type { FormEvent, KeyboardEvent, MouseEvent } from 'react'
import { useEffect, useRef, useState } from 'react'
import { t } from '../i18n/index.ts'
import { dayWords } from '../words/dates.ts'
import { type Purpose, useFolderPicker } from './choose.ts'
import css from './library.module.css'
import { crumbs, type Entry } from './listing.ts'
import { useListing } from './useListing.ts'
import { bytesWords } from './words.ts'

const ENTRY_PX = 26

/** The window's own dialog, for hosts without one of the system. */
export function FolderPicker() {
  const asked = useFolderPicker((state) => state.asked)
  return (
    <Modal
      opened={asked !== null}
      onClose={() => asked?.answer(null)}
      title={asked ? t(`picker.title.${asked.purpose}`) : ''}
      size={720}
      closeButtonProps={{ 'aria-label': t('dialog.close') }}
    >
      {asked ? <Picker purpose={asked.purpose} answer={asked.answer} /> : null}
    </Modal>
  )
}

interface PickerProps {
  purpose: Purpose
  answer: (handles: { handle: string; name: string }[] | null) => void
}

function Picker({ purpose, answer }: PickerProps) {
  const { listing, entries, busy, error, go, goToPath, makeFolder } = useListing(purpose)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [active, setActive] = useState(0)
  // What is being typed stays when the folder that was asked for before arrives.
  const [typed, setTyped] = useState<string | null>(null)
  const path = typed ?? listing?.path ?? ''
  const [newName, setNewName] = useState<string | null>(null)

  // biome-ignore lint/correctness/useExhaustiveDependencies: in another folder nothing is chosen yet
  useEffect(() => {
    setChosen(new Set())
    setActive(0)
  }, [listing])

  const folderOnly = purpose === 'export-folder'
  const picked = entries.filter(({ handle }) => chosen.has(handle))
  const use = () => {
    if (picked.length > 0) answer(picked.map(({ handle, name }) => ({ handle, name })))
    else if (listing) answer([listing.folder])
  }
  const walk = (folder: string) => {
    setTyped(null)
    void go(folder)
  }
  const enter = (entry: Entry | undefined) => {
    if (entry?.kind === 'folder') walk(entry.handle)
    else if (entry && !folderOnly) answer([{ handle: entry.handle, name: entry.name }])
  }
  const choose = (entry: Entry, add: boolean) => {
    if (folderOnly && entry.kind === 'file') return
    const next = new Set(add && !folderOnly ? chosen : [])
    if (!(add && chosen.has(entry.handle) && next.delete(entry.handle))) next.add(entry.handle)
    setChosen(next)
  }
  const create = async (event: FormEvent) => {
    event.preventDefault()
    if (newName?.trim() && (await makeFolder(newName.trim()))) setNewName(null)
  }

  return (
    <Stack gap="xs">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void goToPath(path).then((there) => there && setTyped(null))
        }}
      >
        <Group gap={6} wrap="nowrap">
          <ActionIcon
            variant="default"
            aria-label={t('picker.up')}
            disabled={!listing?.parent}
            onClick={() => listing?.parent && walk(listing.parent.handle)}
          >
            <IconArrowUp size={15} aria-hidden />
          </ActionIcon>
          <TextInput
            style={{ flex: 1 }}
            value={path}
            onChange={(event) => setTyped(event.currentTarget.value)}
            aria-label={t('picker.path')}
            placeholder={t('picker.path')}
          />
          <Button type="submit" variant="default">
            {t('picker.go')}
          </Button>
        </Group>
      </form>
      <nav className={css.crumbs} aria-label={t('picker.crumbs')}>
        {crumbs(listing?.path ?? '').map(({ name, path: to }, i, all) => (
          <span key={to}>
            {i === all.length - 1 ? (
              <b>{name}</b>
            ) : (
              <Anchor
                component="button"
                type="button"
                size="xs"
                onClick={() => {
                  setTyped(null)
                  void goToPath(to)
                }}
              >
                {name}
              </Anchor>
            )}
            {i < all.length - 1 && name !== '/' ? ' / ' : ' '}
          </span>
        ))}
      </nav>
      {error ? (
        <Text c="var(--bad)" role="alert">
          {error}
        </Text>
      ) : null}
      <Entries
        entries={entries}
        chosen={chosen}
        active={active}
        setActive={setActive}
        onChoose={choose}
        onEnter={enter}
        onUp={() => listing?.parent && walk(listing.parent.handle)}
      />
      <Text size="xs" c="dimmed" role="status">
        {busy ? t('picker.busy') : t('picker.count', { count: entries.length })}
      </Text>
      <Group justify="space-between">
        {folderOnly ? (
          newName === null ? (
            <Button variant="default" onClick={() => setNewName('')} disabled={!listing}>
              {t('picker.newFolder')}
            </Button>
          ) : (
            <form onSubmit={create}>
              <Group gap={6}>
                <TextInput
                  value={newName}
                  onChange={(event) => setNewName(event.currentTarget.value)}
                  aria-label={t('picker.newName')}
                  placeholder={t('picker.newName')}
                  autoFocus
                />
                <Button type="submit" variant="default">
                  {t('picker.create')}
                </Button>
              </Group>
            </form>
          )
        ) : (
          <span />
        )}
        <Group gap={6}>
          <Button variant="default" onClick={() => answer(null)}>
            {t('dialog.cancel')}
          </Button>
          <Button onClick={use} disabled={!listing}>
            {picked.length > 0 && !folderOnly
              ? t('picker.useChosen', { count: picked.length })
              : t('picker.useFolder', { name: picked[0]?.name ?? listing?.folder.name ?? '' })}
          </Button>
        </Group>
      </Group>
    </Stack>
  )
}

interface EntriesProps {
  entries: readonly Entry[]
  chosen: ReadonlySet<string>
  active: number
  setActive: (index: number) => void
  onChoose: (entry: Entry, add: boolean) => void
  onEnter: (entry: Entry | undefined) => void
  onUp: () => void
}

/** What lies in the folder; a series has hundreds of slices, so only the lines on screen are drawn. */
function Entries({ entries, chosen, active, setActive, onChoose, onEnter, onUp }: EntriesProps) {
  const list = useRef<HTMLDivElement>(null)
  const lines = useVirtualizer({
    count: entries.length,
    getScrollElement: () => list.current,
    estimateSize: () => ENTRY_PX,
    overscan: 10,
  })
  const onKeyDown = (event: KeyboardEvent) => {
    const last = entries.length - 1
    const moves: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + 12,
      PageUp: active - 12,
      Home: 0,
      End: last,
    }
    const to = moves[event.key]
    if (to !== undefined) {
      const kept = Math.max(0, Math.min(to, last))
      setActive(kept)
      lines.scrollToIndex(kept)
    } else if (event.key === 'Enter') onEnter(entries[active])
    else if (event.key === ' ' && entries[active]) onChoose(entries[active], true)
    else if (event.key === 'Backspace') onUp()
    else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
      const after = entries.findIndex(
        ({ name }, i) => i > active && name.toLowerCase().startsWith(event.key.toLowerCase()),
      )
      const found =
        after >= 0
          ? after
          : entries.findIndex(({ name }) => name.toLowerCase().startsWith(event.key.toLowerCase()))
      if (found < 0) return
      setActive(found)
      lines.scrollToIndex(found)
    } else return
    event.preventDefault()
    event.stopPropagation()
  }
  const onEntry = (event: MouseEvent, entry: Entry, index: number) => {
    setActive(index)
    if (event.type === 'dblclick') onEnter(entry)
    else onChoose(entry, event.ctrlKey || event.metaKey)
  }
  return (
    <div
      ref={list}
      className={css.picker}
      role="listbox"
      aria-multiselectable
      aria-label={t('picker.entries')}
      aria-activedescendant={entries[active] ? `entry-${active}` : undefined}
      tabIndex={0}
      data-autofocus
      onKeyDown={onKeyDown}
    >
      <div className={css.sizer} style={{ height: lines.getTotalSize() }} role="presentation">
        {lines.getVirtualItems().map(({ key, index, start, size }) => {
          const entry = entries[index]
          const Icon = entry.kind === 'folder' ? IconFolder : IconFile
          return (
            <div
              key={key}
              className={css.row}
              style={{ height: size, transform: `translateY(${start}px)` }}
              role="presentation"
            >
              {/* biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys of all its options */}
              {/* biome-ignore lint/a11y/useFocusableInteractive: the list has the focus and names the active option */}
              <div
                id={`entry-${index}`}
                role="option"
                className={css.entry}
                aria-selected={chosen.has(entry.handle)}
                aria-posinset={index + 1}
                aria-setsize={entries.length}
                data-active={index === active || undefined}
                onClick={(event) => onEntry(event, entry, index)}
                onDoubleClick={(event) => onEntry(event, entry, index)}
              >
                <Icon size={15} stroke={1.5} aria-hidden />
                <span>{entry.name}</span>
                <span>{entry.kind === 'file' ? bytesWords(entry.sizeBytes) : ''}</span>
                <span>{dayWords(entry.modifiedAt)}</span>
              </div>
            </div>
          )
        })}
      </div>
    </div>
  )
}
