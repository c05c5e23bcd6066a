import { Button, Group } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { asCallError, isCancellation } from '../api/index.ts'
import { t } from '../i18n/index.ts'
import { showDetails } from './Details.tsx'

interface NoticeAction {
  label: string
  run: () => void
}

/** Says what happened; with an action, it stays until it is closed. */
export function notify(title: string, message: string, action?: NoticeAction): void {
  const id = crypto.randomUUID()
  const act = () => {
    notifications.hide(id)
    action?.run()
  }
  notifications.show({
    id,
    title,
    message: action ? (
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <span>{message}</span>
        <Button variant="default" onClick={act} style={{ flexShrink: 0 }}>
          {action.label}
        </Button>
      </Group>
    ) : (
      message
    ),
    autoClose: action ? 12_000 : 5_000,
    closeButtonProps: { 'aria-label': t('notice.close') },
  })
}

/**
 * Says what went wrong, in the sentence it came with; stays until it is closed. Says nothing of a cancellation, nor of what
 * is said already under the same `id`.
 */
export function notifyError(title: string, thrown: unknown, id: string = crypto.randomUUID()): void {
  const error = asCallError(thrown)
  if (isCancellation(error)) return
  const { code, message, detail } = error
  notifications.show({
    id,
    title,
    color: 'red',
    autoClose: false,
    closeButtonProps: { 'aria-label': t('notice.close') },
    message: (
      <Group justify="space-between" wrap="nowrap" gap="sm" align="flex-end">
        <span>{message}</span>
        <Button
          variant="default"
          style={{ flexShrink: 0 }}
          onClick={() => {
            notifications.hide(id)
            showDetails({ title, error: { code, message, ...(detail ? { detail } : {}) } })
          }}
        >
          {t('details.show')}
        </Button>
      </Group>
    ),
  })
}

/** For event handlers: whatever `work` rejects with is shown under `title`. */
export async function trying(title: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (thrown) {
    notifyError(title, thrown)
  }
}
