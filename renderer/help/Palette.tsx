import { Kbd } from '@mantine/core'
import { createSpotlight, Spotlight, type SpotlightActionGroupData } from '@mantine/spotlight'
import { IconSearch } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { type Command, registerCommands, runCommand, useCommands } from '../commands/registry.ts'
import { goTo } from '../findings/actions.ts'
import { currentFindings } from '../findings/current.ts'
import { locationWords, volumeWords } from '../findings/words.ts'
import { t } from '../i18n/index.ts'
import { showSeries } from '../library/opening.ts'
import { patientWords, seriesName } from '../library/words.ts'
import { useLibrary } from '../state/library.ts'
import { useSession } from '../state/session.ts'
import { dateWords } from '../words/dates.ts'
import { GROUPS, keysOfCommand } from './keyWords.ts'

const [store, { open }] = createSpotlight()

/** So many lines at once: more take longer to draw than a key may; what is meant is found by typing on. */
const LIMIT = 50

function commandActions(commands: ReadonlyMap<string, Command>): SpotlightActionGroupData[] {
  const able = [...commands.values()].filter(
    ({ id, enabled }) => id !== 'help.palette' && (enabled?.() ?? true),
  )
  return GROUPS.map((group) => ({
    group: t(`group.${group}`),
    actions: able
      .filter((command) => command.group === group)
      .map(({ id }) => {
        const keys = keysOfCommand(id)
        return {
          id,
          label: t(`command.${id}`),
          rightSection: keys ? <Kbd>{keys}</Kbd> : undefined,
          onClick: () => runCommand(id),
        }
      }),
  })).filter(({ actions }) => actions.length > 0)
}

function seriesActions(): SpotlightActionGroupData {
  const { series } = useLibrary.getState()
  return {
    group: t('palette.series'),
    actions: series.map((one) => ({
      id: `series-${one.id}`,
      label: seriesName(one),
      description: [patientWords(one.patientName), one.patientId, dateWords(one.studyDate)]
        .filter(Boolean)
        .join(' · '),
      onClick: () => void showSeries(one.id),
    })),
  }
}

function findingActions(): SpotlightActionGroupData {
  const { result } = useSession.getState()
  const findings = result ? currentFindings() : []
  return {
    group: t('palette.findings'),
    actions: findings.map((finding) => {
      const { place, tissue } = result ? locationWords(finding, result.profile) : { place: '', tissue: '' }
      return {
        id: finding.key,
        label: [
          finding.number === null ? t('palette.drawn') : `${finding.number}`,
          finding.label?.text ?? place,
        ]
          .filter(Boolean)
          .join(' · '),
        description: [finding.label ? place : '', tissue, volumeWords(finding.volumeMl)]
          .filter(Boolean)
          .join(' · '),
        onClick: () => goTo(finding),
      }
    }),
  }
}

/** Anything by its name: commands, series, findings. */
export function Palette() {
  const commands = useCommands((state) => state.commands)
  const [actions, setActions] = useState<SpotlightActionGroupData[]>([])

  useEffect(
    () =>
      registerCommands([
        { id: 'help.palette', group: 'help', keys: ['Mod+k'], whileTyping: true, run: open },
      ]),
    [],
  )

  return (
    <Spotlight
      store={store}
      actions={actions}
      // What can be done, and what is found, is asked for when it is opened: it changes with every step of the threshold.
      onSpotlightOpen={() =>
        setActions(
          [...commandActions(commands), findingActions(), seriesActions()].filter(
            (group) => group.actions.length > 0,
          ),
        )
      }
      shortcut={null}
      transitionProps={{ duration: 0 }}
      limit={LIMIT}
      highlightQuery
      scrollable
      maxHeight="60vh"
      nothingFound={t('palette.nothing')}
      overlayProps={{ blur: 0, opacity: 0.6 }}
      attributes={{ content: { 'aria-label': t('command.help.palette') } }}
      searchProps={{
        leftSection: <IconSearch size={16} aria-hidden />,
        placeholder: t('palette.search'),
        'aria-label': t('palette.search'),
      }}
    />
  )
}
