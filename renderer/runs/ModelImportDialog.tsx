import { Alert, Button, Group, Modal, Progress, Stack, Text, Title } from '@mantine/core'
import type { ModelInspection } from '../../preload/modelRecords.ts'
import { t } from '../i18n/index.ts'
import { showDetails } from '../shell/Details.tsx'
import { setSetting } from '../shell/settings.ts'
import { useLibrary } from '../state/library.ts'
import { MODEL_SETTING } from './choices.ts'
import { ModelFacts } from './ModelFacts.tsx'
import { importShown, leaveImport, type ModelImport, nameTaken, useModelImport } from './modelImport.ts'

/** What a package says of itself before anything of it is kept, then its import. */
export function ModelImportDialog() {
  const at = useModelImport((state) => state.at)
  if (!at) return null
  return (
    <Modal
      opened
      onClose={leaveImport}
      title={t('import.title')}
      size={680}
      closeOnClickOutside={at.step !== 'importing'}
      closeButtonProps={{ 'aria-label': t('dialog.close') }}
    >
      <Stack gap="sm">
        <Content at={at} />
      </Stack>
    </Modal>
  )
}

function Content({ at }: { at: ModelImport }) {
  switch (at.step) {
    case 'inspecting':
      return <Text role="status">{t('import.inspecting', { name: at.handle.name })}</Text>
    case 'refused':
      return <Refused title={t('import.refused')} error={at.error} />
    case 'shown':
      return <Shown model={at.model} dropped={at.dropped} />
    case 'importing':
      return <Importing model={at.model} job={at.job} />
    case 'failed':
      return <Refused title={t('import.failed')} error={at.error} />
    case 'done':
      return <Done model={at.model} />
  }
}

function Shown({ model, dropped }: { model: ModelInspection; dropped: boolean }) {
  const { title, version, installed } = model
  const taken = nameTaken(model)
  return (
    <>
      <Text>
        {dropped ? `${t('import.dropped')} ` : ''}
        {t('import.before')}
      </Text>
      <Title order={2}>{title}</Title>
      <div style={{ maxHeight: '38vh', overflowY: 'auto' }}>
        <ModelFacts model={model} />
      </div>
      <Alert
        color="yellow"
        variant="outline"
        p="xs"
        title={t('product.researchUseOnly')}
        // The yellow of the theme is too pale to be read on white.
        styles={{ label: { color: 'var(--caution)' } }}
      >
        {t('import.trust')}
      </Alert>
      {taken ? (
        <Text {...(taken.refused ? { c: 'var(--bad)' } : {})} role="status">
          {t(taken.key, { version, before: installed?.version })}
        </Text>
      ) : null}
      {taken?.refused ? null : <Text c="dimmed">{t('import.proof')}</Text>}
      <Group justify="flex-end">
        <Button variant="default" onClick={leaveImport} data-autofocus>
          {taken?.refused ? t('dialog.close') : t('dialog.cancel')}
        </Button>
        {taken?.refused ? null : (
          <Button onClick={importShown}>{t(taken ? 'import.doReplace' : 'import.do')}</Button>
        )}
      </Group>
    </>
  )
}

function Importing({ model, job }: { model: ModelInspection; job: string }) {
  const stage = useLibrary((state) => state.jobs[job]?.stage)
  const words = t(stage === 'proving' ? 'import.stage.proving' : 'import.stage.copying')
  return (
    <>
      <Text fw={600}>
        {model.title} {model.version}
      </Text>
      <Progress
        value={100}
        animated
        aria-label={t('import.progress', { title: model.title })}
        aria-valuetext={words}
      />
      <Text c="dimmed" role="status">
        {words}
      </Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={leaveImport}>
          {t('dialog.cancel')}
        </Button>
      </Group>
    </>
  )
}

function Refused({ title, error }: { title: string; error: Parameters<typeof showDetails>[0]['error'] }) {
  return (
    <>
      <Alert color="red" variant="outline" p="xs" title={title} role="alert">
        {error.message}
      </Alert>
      <Text c="dimmed">{t('import.nothingKept')}</Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={() => showDetails({ title, error })}>
          {t('details.show')}
        </Button>
        <Button onClick={leaveImport} data-autofocus>
          {t('dialog.close')}
        </Button>
      </Group>
    </>
  )
}

function Done({ model }: { model: ModelInspection }) {
  const { name, title, version } = model
  const use = () => {
    setSetting(MODEL_SETTING, name)
    void leaveImport()
  }
  return (
    <>
      <Text role="status">{t('import.done', { title, version })}</Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={use}>
          {t('import.use')}
        </Button>
        <Button onClick={leaveImport} data-autofocus>
          {t('dialog.done')}
        </Button>
      </Group>
    </>
  )
}
