import { Button, Popover, Radio, Stack, Text, Title } from '@mantine/core'
import { IconBrain } from '@tabler/icons-react'
import { t } from '../i18n/index.ts'
import { setSetting } from '../shell/settings.ts'
import { useLibrary } from '../state/library.ts'
import { MODEL_SETTING, useChosenModel } from './choices.ts'
import { ModelFacts } from './ModelFacts.tsx'

/** Which model screens, and what it was made of. */
export function ModelMenu() {
  const models = useLibrary((state) => state.models)
  const model = useChosenModel()
  return (
    <Popover position="top-start" width={460} trapFocus>
      <Popover.Target>
        <Button
          variant="subtle"
          color="gray"
          leftSection={<IconBrain size={15} aria-hidden />}
          aria-label={t('model.choose', { title: model?.title ?? t('model.none') })}
        >
          {model?.title ?? t('model.none')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('model.heading')}>
        <Stack gap="sm" mah="60vh" style={{ overflowY: 'auto' }}>
          <Title order={2}>{t('model.heading')}</Title>
          {models.length === 0 ? <Text>{t('model.noneHint')}</Text> : null}
          {models.length > 1 ? (
            <Radio.Group
              value={model?.name ?? null}
              onChange={(name) => setSetting(MODEL_SETTING, name)}
              aria-label={t('model.heading')}
            >
              <Stack gap={6}>
                {models.map(({ name, title, version }) => (
                  <Radio key={name} value={name} label={`${title} ${version}`} />
                ))}
              </Stack>
            </Radio.Group>
          ) : (
            <Text fw={600}>{model?.title}</Text>
          )}
          {model ? <ModelFacts model={model} /> : null}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  )
}
