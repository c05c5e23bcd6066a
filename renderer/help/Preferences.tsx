import { Modal, NumberInput, SegmentedControl, Select, Stack, Text } from '@mantine/core'
import { useEffect } from 'react'
import { z } from 'zod'
import { registerCommands } from '../commands/registry.ts'
import { t } from '../i18n/index.ts'
import { LEVEL_SETTING, Level, MIN_VOLUME_SETTING, MinVolume, PRESET_SETTING } from '../library/opening.ts'
import { closeDialog, openDialog, useDialogs } from '../shell/dialogs.ts'
import { setSetting, useSetting } from '../shell/settings.ts'
import { setColourScheme, useColourScheme } from '../shell/useColourScheme.ts'
import { DEFAULT_LEVEL, DEFAULT_MIN_VOLUME_ML } from '../state/overlay.ts'
import { WINDOW_PRESETS } from '../state/view.ts'
import { levelWords } from '../words/level.ts'

/** Exact decimals of rarities from 1 in 100 to 1 in 10,000. */
const LEVELS = [99, 99.5, 99.8, 99.9, 99.95, 99.98, 99.99]

/** How the reader wants every series to begin. */
export function Preferences() {
  const opened = useDialogs((state) => state.open === 'preferences')
  const scheme = useColourScheme()
  const preset = useSetting(PRESET_SETTING, z.string(), 'mediastinum')
  const level = useSetting(LEVEL_SETTING, Level, DEFAULT_LEVEL)
  const minVolume = useSetting(MIN_VOLUME_SETTING, MinVolume, DEFAULT_MIN_VOLUME_ML)

  useEffect(
    () =>
      registerCommands([
        { id: 'help.preferences', group: 'help', keys: ['Mod+,'], run: () => openDialog('preferences') },
      ]),
    [],
  )

  return (
    <Modal
      opened={opened}
      onClose={closeDialog}
      title={t('command.help.preferences')}
      closeButtonProps={{ 'aria-label': t('dialog.close') }}
    >
      <Stack>
        <div>
          <Text size="xs" fw={500} mb={4} id="preference-theme">
            {t('preferences.theme')}
          </Text>
          <SegmentedControl
            aria-labelledby="preference-theme"
            value={scheme}
            onChange={(value) => setColourScheme(value as typeof scheme)}
            data={[
              { value: 'dark', label: t('preferences.dark') },
              { value: 'light', label: t('preferences.light') },
            ]}
          />
        </div>
        <Select
          label={t('preferences.window')}
          value={preset}
          onChange={(value) => value && setSetting(PRESET_SETTING, value)}
          data={WINDOW_PRESETS.map(({ id, centreHu, widthHu }) => ({
            value: id,
            label: t('preferences.windowEntry', { name: t(`preferences.preset.${id}`), centreHu, widthHu }),
          }))}
        />
        <Select
          label={t('preferences.level')}
          value={String(level)}
          onChange={(value) => value && setSetting(LEVEL_SETTING, Number(value))}
          data={LEVELS.map((one) => ({ value: String(one), label: levelWords(one) }))}
        />
        <NumberInput
          label={t('preferences.minVolume')}
          value={minVolume}
          onChange={(value) => {
            const checked = MinVolume.safeParse(value)
            if (checked.success) setSetting(MIN_VOLUME_SETTING, checked.data)
          }}
          min={0}
          max={1000}
          step={0.1}
          decimalScale={2}
          suffix={t('preferences.mlSuffix')}
        />
        <Text size="xs" c="dimmed">
          {t('preferences.hint')}
        </Text>
      </Stack>
    </Modal>
  )
}
