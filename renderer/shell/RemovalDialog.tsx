import { Button, Group, Modal, Stack } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { t } from '../i18n/index.ts'
import { trying } from './notify.tsx'

interface Props {
  title: string
  /** What is removed and what stays. */
  children: ReactNode
  /** On the button that does it. */
  confirm: string
  /** Said where it could not be done. */
  failed: string
  remove: () => Promise<void>
  onClose: () => void
}

/** Asks before something is removed for good; the careful answer has the focus. */
export function RemovalDialog({ title, children, confirm, failed, remove, onClose }: Props) {
  const [busy, setBusy] = useState(false)
  const removeNow = async () => {
    setBusy(true)
    await trying(failed, remove)
    setBusy(false)
    onClose()
  }
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': t('dialog.close') }}>
      <Stack>
        {children}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t('dialog.cancel')}
          </Button>
          <Button color="red" onClick={removeNow} loading={busy}>
            {confirm}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
