import { Kbd, Modal, TextInput, Title } from '@mantine/core'
import { useEffect, useState } from 'react'
import { type Command, registerCommands, useCommands } from '../commands/registry.ts'
import { t } from '../i18n/index.ts'
import { closeDialog, openDialog, useDialogs } from '../shell/dialogs.ts'
import { IS_MAC } from '../shell/platform.ts'
import css from './help.module.css'
import { GROUPS, keyCaps } from './keyWords.ts'

function Keys({ keys }: { keys: readonly string[] }) {
  return keys.map((key) => (
    <span key={key} className={css.caps}>
      {keyCaps(key, IS_MAC).map((cap) => (
        <Kbd key={cap}>{cap}</Kbd>
      ))}
    </span>
  ))
}

/** Every key there is, as the registry knows them, and what the mouse does. */
export function KeysDialog() {
  const opened = useDialogs((state) => state.open === 'keys')
  const commands = useCommands((state) => state.commands)
  const [search, setSearch] = useState('')

  useEffect(
    () =>
      registerCommands([
        { id: 'help.keys', group: 'help', keys: ['?', 'F1'], run: () => openDialog('keys') },
      ]),
    [],
  )

  const name = ({ id }: Command) => t(`command.${id}`)
  const shown = [...commands.values()].filter(
    (command) =>
      (command.keys?.length ?? 0) > 0 && name(command).toLowerCase().includes(search.trim().toLowerCase()),
  )
  return (
    <Modal
      opened={opened}
      onClose={closeDialog}
      title={t('keys.title')}
      size={1060}
      closeButtonProps={{ 'aria-label': t('dialog.close') }}
    >
      <TextInput
        type="search"
        data-autofocus
        mb="md"
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        aria-label={t('keys.search')}
        placeholder={t('keys.search')}
      />
      <div className={css.columns}>
        {GROUPS.map((group) => {
          const own = shown.filter((command) => command.group === group)
          if (own.length === 0) return null
          return (
            <section key={group} className={css.group} aria-labelledby={`keys-${group}`}>
              <Title order={2} id={`keys-${group}`}>
                {t(`group.${group}`)}
              </Title>
              <dl className={css.keys}>
                {own.map((command) => (
                  <div key={command.id} className={css.line}>
                    <dt>{name(command)}</dt>
                    <dd>
                      <Keys keys={command.keys ?? []} />
                    </dd>
                  </div>
                ))}
              </dl>
            </section>
          )
        })}
      </div>
    </Modal>
  )
}
