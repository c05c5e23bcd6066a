import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { call } from '../api/index.ts'
import { t } from '../i18n/index.ts'
import { trying } from '../shell/notify.tsx'
import { useLibrary } from '../state/library.ts'

export interface Removable {
  name: string
  title: string
  version: string
}

/** Asks before an imported model is deleted. */
export function ModelRemoveDialog({ model, onClose }: { model: Removable | null; onClose: () => void }) {
  const [busy, setBusy] = useState(false)
  if (!model) return null
  const { name, title, version } = model
  const remove = async () => {
    setBusy(true)
    await trying(t('model.removeFailed'), async () => {
      useLibrary.setState({ models: await call('models.remove', { name }) })
    })
    setBusy(false)
    onClose()
  }
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('model.removeTitle')}
      closeButtonProps={{ 'aria-label': t('dialog.close') }}
    >
      <Stack>
        <Text>{t('model.removeText', { name: [title, version].filter(Boolean).join(' ') })}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t('dialog.cancel')}
          </Button>
          <Button color="red" onClick={remove} loading={busy}>
            {t('model.removeDo')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
