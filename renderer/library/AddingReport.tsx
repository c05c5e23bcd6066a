import { Button, Group, List, Modal, Stack, Text, Title } from '@mantine/core'
import { t } from '../i18n/index.ts'
import { showDetails } from '../shell/Details.tsx'
import { mainWords } from '../words/main.ts'
import { useAdding } from './adding.ts'

const close = () => useAdding.setState({ report: null })

/** What was found and not added, and why; what is doubtful about the rest. */
export function AddingReport() {
  const report = useAdding((state) => state.report)
  if (!report) return null
  const { added, notAdded, warnings, failure } = report
  const nothing = !failure && added.length + notAdded.length + warnings.length === 0
  const title = t('adding.done', { count: added.length })
  return (
    <Modal
      opened
      onClose={close}
      title={title}
      size="lg"
      closeButtonProps={{ 'aria-label': t('dialog.close') }}
    >
      <Stack>
        {nothing ? <Text>{t('adding.foundNothing')}</Text> : null}
        {failure ? <Text style={{ whiteSpace: 'pre-line' }}>{failure.message}</Text> : null}
        {failure?.detail ? (
          <Group justify="flex-end">
            <Button
              variant="default"
              onClick={() => {
                close()
                showDetails({ title, error: failure })
              }}
            >
              {t('details.show')}
            </Button>
          </Group>
        ) : null}
        {notAdded.length > 0 ? (
          <section aria-labelledby="not-added">
            <Title order={2} id="not-added" mb={4}>
              {t('adding.notAdded')}
            </Title>
            <List spacing={4} size="sm">
              {notAdded.map(({ seriesNumber, name, imageCount, reason }, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the report never changes
                <List.Item key={i}>
                  <b>
                    {seriesNumber && `${seriesNumber}: `}
                    {name || t('adding.noName')} ({t('adding.images', { count: imageCount })})
                  </b>
                  : {mainWords(reason)}
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
              {warnings.map((warning, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the report never changes
                <List.Item key={i}>{mainWords(warning)}</List.Item>
              ))}
            </List>
          </section>
        ) : null}
      </Stack>
    </Modal>
  )
}
