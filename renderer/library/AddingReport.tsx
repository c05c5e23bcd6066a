import { List, Modal, Stack, Text, Title } from '@mantine/core'
import { t } from '../i18n/index.ts'
import { useAdding } from './adding.ts'

/** What was found and not added, and why; what is doubtful about the rest. */
export function AddingReport() {
  const report = useAdding((state) => state.report)
  if (!report) return null
  const { added, notAdded, warnings } = report
  const nothing = added.length + notAdded.length + warnings.length === 0
  return (
    <Modal
      opened
      onClose={() => useAdding.setState({ report: null })}
      title={t('adding.done', { count: added.length })}
      size="lg"
      closeButtonProps={{ 'aria-label': t('dialog.close') }}
    >
      <Stack>
        {nothing ? <Text>{t('adding.foundNothing')}</Text> : null}
        {notAdded.length > 0 ? (
          <section aria-labelledby="not-added">
            <Title order={2} id="not-added" mb={4}>
              {t('adding.notAdded')}
            </Title>
            <List spacing={4} size="sm">
              {notAdded.map(({ description, reason }, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the report never changes
                <List.Item key={i}>
                  <b>{description}</b>: {reason}
                </List.Item>
              ))}
            </List>
          </section>
        ) : null}
        {warnings.length > 0 ? (
          <section aria-labelledby="add-warnings">
            <Title order={2} id="add-warnings" mb={4}>
              {t('adding.warnings')}
            </Title>
            <List spacing={4} size="sm">
              {warnings.map(({ message }, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the report never changes
                <List.Item key={i}>{message}</List.Item>
              ))}
            </List>
          </section>
        ) : null}
      </Stack>
    </Modal>
  )
}
