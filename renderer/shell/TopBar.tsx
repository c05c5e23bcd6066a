import { ActionIcon, Button, Menu, Tooltip } from '@mantine/core'
import {
  IconFileExport,
  IconFolderOpen,
  IconHelp,
  IconLayoutSidebar,
  IconLayoutSidebarRight,
  IconMoon,
  IconSettings,
  IconSun,
} from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { runCommand } from '../commands/registry.ts'
import { keysOfCommand } from '../help/keyWords.ts'
import { t } from '../i18n/index.ts'
import { patientWords, seriesName } from '../library/words.ts'
import { useSession } from '../state/session.ts'
import { dateWords } from '../words/dates.ts'
import css from './shell.module.css'
import { useColourScheme } from './useColourScheme.ts'

const ICON = { size: 17, stroke: 1.6, 'aria-hidden': true } as const

/** A button for a command, named as the command and saying its key. */
function CommandIcon({ id, icon }: { id: string; icon: ReactNode }) {
  const keys = keysOfCommand(id)
  const name = t(`command.${id}`)
  return (
    <Tooltip label={keys ? `${name} (${keys})` : name}>
      <ActionIcon aria-label={name} onClick={() => runCommand(id)}>
        {icon}
      </ActionIcon>
    </Tooltip>
  )
}

function SeriesTitle() {
  const series = useSession((state) => state.scan?.series)
  if (!series) return <div className={css.title} />
  const words = [
    patientWords(series.patientName) || (series.patientId && t('patient.id', { id: series.patientId })),
    dateWords(series.studyDate),
    seriesName(series),
  ]
  return (
    <div className={css.title} data-testid="series-title">
      {words.filter(Boolean).join('  ·  ')}
    </div>
  )
}

/** Name, what is on screen, and what can be done from anywhere. */
export function TopBar({ undo }: { undo: ReactNode }) {
  const scheme = useColourScheme()
  return (
    <header className={css.top}>
      <CommandIcon id="window.library" icon={<IconLayoutSidebar {...ICON} />} />
      <h1 className={css.product}>
        <img src="./icon.svg" width={18} height={18} alt="" />
        {t('product.name')}
      </h1>
      <Menu position="bottom-start">
        <Menu.Target>
          <Button variant="default" leftSection={<IconFolderOpen {...ICON} />}>
            {t('top.open')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {['file.openFolder', 'file.openFiles', 'file.sample'].map((id) => (
            <Menu.Item key={id} rightSection={keysOfCommand(id)} onClick={() => runCommand(id)}>
              {t(`command.${id}`)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {undo}
      <SeriesTitle />
      <CommandIcon id="file.export" icon={<IconFileExport {...ICON} />} />
      <CommandIcon
        id="window.theme"
        icon={scheme === 'dark' ? <IconSun {...ICON} /> : <IconMoon {...ICON} />}
      />
      <CommandIcon id="help.preferences" icon={<IconSettings {...ICON} />} />
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon aria-label={t('top.help')}>
            <IconHelp {...ICON} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {['help.keys', 'help.palette', 'help.tour', 'help.about'].map((id) => (
            <Menu.Item key={id} rightSection={keysOfCommand(id)} onClick={() => runCommand(id)}>
              {t(`command.${id}`)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <CommandIcon id="window.findings" icon={<IconLayoutSidebarRight {...ICON} />} />
    </header>
  )
}
