import { Button, Group, Kbd, Modal, Stack, Text, Title } from '@mantine/core'
import { useEffect, useState } from 'react'
import { z } from 'zod'
import { registerCommands } from '../commands/registry.ts'
import { t } from '../i18n/index.ts'
import { addSample } from '../library/adding.ts'
import { closeDialog, openDialog, useDialogs } from '../shell/dialogs.ts'
import { getSetting, setSetting } from '../shell/settings.ts'
import { useLibrary } from '../state/library.ts'
import { keysOfCommand } from './keyWords.ts'

const SEEN_SETTING = 'help.tourSeen'

/** In the order of a reading; the command whose key is worth knowing at each. */
const STEPS = [
  { id: 'open', command: 'file.openFolder' },
  { id: 'screen', command: 'run.start' },
  { id: 'review', command: 'help.keys' },
  { id: 'export', command: 'file.export' },
] as const

/** Four steps, shown once by itself; there again under Help. */
export function Tour() {
  const opened = useDialogs((state) => state.open === 'tour')
  const isEmpty = useLibrary((state) => state.series.length === 0)
  const [at, setAt] = useState(0)

  useEffect(() => {
    if (!getSetting(SEEN_SETTING, z.boolean(), false)) openDialog('tour')
    return registerCommands([
      {
        id: 'help.tour',
        group: 'help',
        run: () => {
          setAt(0)
          openDialog('tour')
        },
      },
    ])
  }, [])

  const end = () => {
    setSetting(SEEN_SETTING, true)
    closeDialog()
  }
  const { id, command } = STEPS[at]
  const keys = keysOfCommand(command)
  const isLast = at === STEPS.length - 1
  return (
    <Modal
      opened={opened}
      onClose={end}
      title={t('tour.title', { at: at + 1, of: STEPS.length })}
      size={460}
      closeButtonProps={{ 'aria-label': t('dialog.close') }}
    >
      <Stack mih={150} justify="space-between">
        <div aria-live="polite">
          <Title order={2} mb={6}>
            {t(`tour.${id}.title`)}
          </Title>
          <Text>{t(`tour.${id}.text`)}</Text>
          {keys ? (
            <Text mt={8} c="dimmed" size="xs">
              {t(`command.${command}`)}: <Kbd>{keys}</Kbd>
            </Text>
          ) : null}
        </div>
        <Group justify="space-between">
          <Button variant="subtle" color="gray" onClick={end}>
            {t('tour.skip')}
          </Button>
          <Group gap={6}>
            {at > 0 ? (
              <Button variant="default" onClick={() => setAt(at - 1)}>
                {t('tour.back')}
              </Button>
            ) : null}
            {isLast && isEmpty ? (
              <Button
                variant="default"
                onClick={() => {
                  end()
                  void addSample()
                }}
              >
                {t('command.file.sample')}
              </Button>
            ) : null}
            <Button data-autofocus onClick={isLast ? end : () => setAt(at + 1)}>
              {isLast ? t('tour.end') : t('tour.next')}
            </Button>
          </Group>
        </Group>
      </Stack>
    </Modal>
  )
}
