import { Button, Menu } from '@mantine/core'
import { IconHistory } from '@tabler/icons-react'
import { t } from '../i18n/index.ts'
import { showRun } from '../library/opening.ts'
import { useLibrary } from '../state/library.ts'
import { useSession } from '../state/session.ts'
import { momentWords } from '../words/dates.ts'
import { nameOfDevice } from './deviceWords.ts'
import { showRunDetails } from './RunDetails.tsx'
import css from './runs.module.css'
import { endedRuns } from './runWords.ts'

/** The finished runs of the series on screen, and which of them is shown. */
export function RunHistory() {
  const runs = useLibrary((state) => state.runs)
  const devices = useLibrary((state) => state.devices)
  const seriesId = useSession((state) => state.scan?.series.id)
  const shown = useSession((state) => state.result?.run)
  const done = endedRuns(runs).filter((run) => run.seriesId === seriesId && run.status === 'done')
  if (!shown || done.length === 0) return null
  const label = t('run.shown', { when: momentWords(shown.finishedAt ?? shown.createdAt) })
  return (
    <Menu position="top-start">
      <Menu.Target>
        <Button
          className={css.shown ?? ''}
          variant="subtle"
          color="gray"
          leftSection={<IconHistory size={15} aria-hidden />}
          title={label}
        >
          {label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('run.history')}</Menu.Label>
        <Menu.RadioGroup value={shown.id} onChange={(id) => showRun(id)}>
          {done.map((run) => (
            <Menu.RadioItem key={run.id} value={run.id} closeMenuOnClick>
              {momentWords(run.finishedAt ?? run.createdAt)} · {run.model.title} {run.model.version} ·{' '}
              {run.device && nameOfDevice(devices, run.device)}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item onClick={() => showRunDetails(shown)}>{t('command.run.details')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
