import { Alert, Button, Divider, Group, Popover, Radio, Stack, Text, Title } from '@mantine/core'
import { IconBrain, IconPackageImport } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import type { DamagedModel } from '../../preload/modelRecords.ts'
import { call } from '../api/index.ts'
import { t } from '../i18n/index.ts'
import { setSetting } from '../shell/settings.ts'
import { useLibrary } from '../state/library.ts'
import { MODEL_SETTING, useChosenModel } from './choices.ts'
import { ModelFacts } from './ModelFacts.tsx'
import { ModelImportDialog } from './ModelImportDialog.tsx'
import { ModelRemoveDialog, type Removable } from './ModelRemoveDialog.tsx'
import { ModelRow } from './ModelRow.tsx'
import { chooseModel } from './modelImport.ts'
import css from './runs.module.css'

/** Which model screens, what it was made of, and the way for others to come and go. */
export function ModelMenu() {
  const model = useChosenModel()
  const [opened, setOpened] = useState(false)
  const [removing, setRemoving] = useState<Removable | null>(null)
  const remove = (which: Removable) => {
    setOpened(false)
    setRemoving(which)
  }
  const title = model?.title ?? t('model.none')
  return (
    <>
      <Popover position="top-start" width={520} opened={opened} onChange={setOpened} trapFocus>
        <Popover.Target>
          <Button
            className={css.model ?? ''}
            variant="subtle"
            color="gray"
            title={title}
            leftSection={<IconBrain size={15} aria-hidden />}
            aria-label={t('model.choose', { title })}
            onClick={() => setOpened(!opened)}
          >
            {title}
          </Button>
        </Popover.Target>
        <Popover.Dropdown aria-label={t('model.heading')}>
          <Models onRemove={remove} onLeave={() => setOpened(false)} />
        </Popover.Dropdown>
      </Popover>
      <ModelImportDialog />
      <ModelRemoveDialog model={removing} onClose={() => setRemoving(null)} />
    </>
  )
}

interface ModelsProps {
  onRemove: (model: Removable) => void
  /** Something else takes the reader's attention. */
  onLeave: () => void
}

function Models({ onRemove, onLeave }: ModelsProps) {
  const models = useLibrary((state) => state.models)
  const native = useLibrary((state) => state.info?.picker === 'native')
  const model = useChosenModel()
  const damaged = useDamaged()
  const bring = (purpose: Parameters<typeof chooseModel>[0]) => {
    onLeave()
    void chooseModel(purpose)
  }
  return (
    <Stack gap="sm" mah="70vh" style={{ overflowY: 'auto' }}>
      <Title order={2}>{t('model.heading')}</Title>
      {models.length === 0 ? <Text>{t('model.noneHint')}</Text> : null}
      <Radio.Group
        value={model?.name ?? null}
        onChange={(name) => setSetting(MODEL_SETTING, name)}
        aria-label={t('model.heading')}
      >
        <Stack gap={8}>
          {models.map((each) => (
            <ModelRow key={each.name} model={each} onRemove={onRemove} />
          ))}
        </Stack>
      </Radio.Group>
      {damaged.map(({ name, origin, error }) => (
        <Alert
          style={{ flexShrink: 0 }}
          key={name}
          color="red"
          variant="outline"
          p="xs"
          title={`${name}: ${t('model.damagedHeading')}`}
        >
          {error.message}
          {origin === 'imported' ? (
            <Button
              size="compact-xs"
              variant="default"
              ml="xs"
              aria-label={t('model.removeOf', { title: name })}
              onClick={() => onRemove({ name, title: name, version: '' })}
            >
              {t('model.remove')}
            </Button>
          ) : null}
        </Alert>
      ))}
      <Group gap={6}>
        {native ? (
          <>
            <Text>{t('import.button')}</Text>
            <Button variant="default" onClick={() => bring('model-folder')}>
              {t('import.fromFolder')}
            </Button>
            <Button variant="default" onClick={() => bring('model-file')}>
              {t('import.fromFile')}
            </Button>
          </>
        ) : (
          <Button
            variant="default"
            leftSection={<IconPackageImport size={15} aria-hidden />}
            onClick={() => bring('model-folder')}
          >
            {t('import.button')}
          </Button>
        )}
      </Group>
      {model ? (
        <>
          <Divider />
          <Title order={2}>{t('model.about')}</Title>
          <ModelFacts model={model} />
        </>
      ) : null}
    </Stack>
  )
}

/** Asked for while the menu is open, and again when a model came or went. */
function useDamaged(): readonly DamagedModel[] {
  const models = useLibrary((state) => state.models)
  const [damaged, setDamaged] = useState<readonly DamagedModel[]>([])
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list is why it is asked for again
  useEffect(() => {
    call('models.damaged', {})
      .then(setDamaged)
      .catch(() => undefined)
  }, [models])
  return damaged
}
