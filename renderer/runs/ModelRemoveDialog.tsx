import { Text } from '@mantine/core'
import { call } from '../api/index.ts'
import { t } from '../i18n/index.ts'
import { RemovalDialog } from '../shell/RemovalDialog.tsx'
import { useLibrary } from '../state/library.ts'

export interface Removable {
  name: string
  title: string
  version: string
}

/** Asks before an imported model is deleted. */
export function ModelRemoveDialog({ model, onClose }: { model: Removable | null; onClose: () => void }) {
  if (!model) return null
  const { name, title, version } = model
  const remove = async () => {
    useLibrary.setState({ models: await call('models.remove', { name }) })
  }
  return (
    <RemovalDialog
      title={t('model.removeTitle')}
      confirm={t('model.removeDo')}
      failed={t('model.removeFailed')}
      remove={remove}
      onClose={onClose}
    >
      <Text>{t('model.removeText', { name: [title, version].filter(Boolean).join(' ') })}</Text>
    </RemovalDialog>
  )
}
