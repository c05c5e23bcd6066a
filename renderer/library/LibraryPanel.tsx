import { ActionIcon, Button, Menu, Portal, Text, TextInput, Title, Tooltip } from '@mantine/core'
import { IconArrowsSort, IconFolderOpen, IconSearch, IconTrash } from '@tabler/icons-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { z } from 'zod'
import { registerCommands, runCommand } from '../commands/registry.ts'
import { t } from '../i18n/index.ts'
import { screenSeries } from '../runs/starting.ts'
import { setSetting, useSetting } from '../shell/settings.ts'
import { useLibrary } from '../state/library.ts'
import { AddingStatus } from './AddingStatus.tsx'
import { addSample } from './adding.ts'
import { arrange, SORTS } from './arrange.ts'
import { chooseAndAdd } from './choose.ts'
import css from './library.module.css'
import { showSeries } from './opening.ts'
import { RemoveDialog } from './RemoveDialog.tsx'
import { SeriesList } from './SeriesList.tsx'
import { useSelection } from './selection.ts'

const SORT_SETTING = 'library.sort'

/** What to do first, where nothing was opened yet. */
function FirstStart() {
  return (
    <div className={css.empty}>
      <Title order={2}>{t('library.emptyTitle')}</Title>
      <Text>{t('library.emptyText')}</Text>
      <Button onClick={() => addSample()}>{t('command.file.sample')}</Button>
      <Button variant="default" onClick={() => chooseAndAdd('open-folder')}>
        {t('command.file.openFolder')}
      </Button>
      <Button variant="default" onClick={() => chooseAndAdd('open-files')}>
        {t('command.file.openFiles')}
      </Button>
      <Text c="dimmed">{t('library.emptyFormats')}</Text>
    </div>
  )
}

export function LibraryPanel() {
  const series = useLibrary((state) => state.series)
  const known = useLibrary((state) => state.info !== null)
  const { ids, activeId } = useSelection()
  const [search, setSearch] = useState('')
  const sort = useSetting(SORT_SETTING, z.enum(SORTS), 'added')
  const [menuAt, setMenuAt] = useState<{ x: number; y: number } | null>(null)
  const [removing, setRemoving] = useState<readonly string[]>([])
  const searchField = useRef<HTMLInputElement>(null)
  const rows = useMemo(() => arrange(series, search, sort), [series, search, sort])
  const chosen = series.filter(({ id }) => ids.has(id))
  const screenable = chosen.filter(({ canScreen }) => canScreen)

  useEffect(
    () =>
      registerCommands([
        {
          id: 'library.search',
          group: 'file',
          keys: ['Mod+f'],
          whileTyping: true,
          run: () => searchField.current?.focus(),
        },
      ]),
    [],
  )

  const open = () => {
    const id = activeId !== null && ids.has(activeId) ? activeId : chosen[0]?.id
    if (id) void showSeries(id)
  }
  const remove = () => setRemoving(chosen.map(({ id }) => id))
  const closeMenu = () => setMenuAt(null)

  if (known && series.length === 0)
    return (
      <div className={css.panel}>
        <AddingStatus />
        <FirstStart />
      </div>
    )
  return (
    <div className={css.panel}>
      <div className={css.tools}>
        <TextInput
          ref={searchField}
          type="search"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') setSearch('')
          }}
          placeholder={t('library.search')}
          aria-label={t('library.search')}
          leftSection={<IconSearch size={14} aria-hidden />}
        />
        <Menu position="bottom-end">
          <Menu.Target>
            <Tooltip label={t('library.sortBy', { sort: t(`sort.${sort}`) })}>
              <ActionIcon variant="default" aria-label={t('library.sortBy', { sort: t(`sort.${sort}`) })}>
                <IconArrowsSort size={15} aria-hidden />
              </ActionIcon>
            </Tooltip>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.RadioGroup value={sort} onChange={(one) => setSetting(SORT_SETTING, one)}>
              {SORTS.map((one) => (
                <Menu.RadioItem key={one} value={one} closeMenuOnClick>
                  {t(`sort.${one}`)}
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
          </Menu.Dropdown>
        </Menu>
        <Tooltip label={t('command.file.openFolder')}>
          <ActionIcon
            variant="default"
            aria-label={t('command.file.openFolder')}
            onClick={() => runCommand('file.openFolder')}
          >
            <IconFolderOpen size={15} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </div>
      <AddingStatus />
      {rows.length === 0 && search ? (
        <Text p="md" c="dimmed" role="status">
          {t('library.noMatch', { search })}
        </Text>
      ) : null}
      <SeriesList rows={rows} onMenu={setMenuAt} onRemove={remove} />
      {chosen.length > 0 ? (
        <div className={css.actions} role="toolbar" aria-label={t('library.actions')}>
          <Button variant="default" onClick={open}>
            {t('library.open')}
          </Button>
          <Button
            variant="default"
            disabled={screenable.length === 0}
            onClick={() => screenSeries(screenable.map(({ id }) => id))}
          >
            {t('library.screen', { count: screenable.length })}
          </Button>
          <Tooltip label={t('library.remove')}>
            <ActionIcon ml="auto" aria-label={t('library.remove')} onClick={remove}>
              <IconTrash size={15} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </div>
      ) : null}
      {menuAt ? (
        <Portal>
          <Menu opened onClose={closeMenu} position="bottom-start">
            <Menu.Target>
              <button
                type="button"
                tabIndex={-1}
                aria-label={t('library.actions')}
                className={css.menuPlace}
                style={{ left: menuAt.x, top: menuAt.y }}
              />
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={open}>{t('library.open')}</Menu.Item>
              <Menu.Item
                disabled={screenable.length === 0}
                onClick={() => screenSeries(screenable.map(({ id }) => id))}
              >
                {t('library.screen', { count: screenable.length })}
              </Menu.Item>
              <Menu.Divider />
              <Menu.Item color="red" onClick={remove}>
                {t('library.remove')}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </Portal>
      ) : null}
      <RemoveDialog
        series={series.filter(({ id }) => removing.includes(id))}
        onClose={() => setRemoving([])}
      />
    </div>
  )
}
