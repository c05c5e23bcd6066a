import { Button, Group, Radio } from '@mantine/core'
import type { ModelEntry } from '../../preload/records.ts'
import { call } from '../api/index.ts'
import { t } from '../i18n/index.ts'
import { trying } from '../shell/notify.tsx'
import { setSetting } from '../shell/settings.ts'
import { useLibrary } from '../state/library.ts'
import { MODEL_SETTING } from './choices.ts'
import css from './runs.module.css'

/** `imported · CC BY-NC 4.0`, and whether it is the default. */
export function modelWords({ origin, licence, isDefault }: ModelEntry): string {
  return [isDefault ? t('model.isDefault') : '', t(`model.origin.${origin}`), licence]
    .filter(Boolean)
    .join(' · ')
}

/** The default is what the next screening takes as well: nobody makes one without meaning to use it. */
async function makeDefault(name: string): Promise<void> {
  await trying(t('model.defaultFailed'), async () => {
    useLibrary.setState({ models: await call('models.setDefault', { name }) })
    setSetting(MODEL_SETTING, name)
  })
}

interface Props {
  model: ModelEntry
  onRemove: (model: ModelEntry) => void
}

/** A model to choose, and what can be done with it. */
export function ModelRow({ model, onRemove }: Props) {
  const { name, title, version, origin, isDefault } = model
  return (
    <div className={css.choice}>
      <Radio value={name} label={`${title} ${version}`} description={modelWords(model)} />
      <Group gap={4} wrap="nowrap">
        {isDefault ? null : (
          <Button
            size="compact-xs"
            variant="default"
            aria-label={t('model.makeDefaultOf', { title })}
            onClick={() => makeDefault(name)}
          >
            {t('model.makeDefault')}
          </Button>
        )}
        {origin === 'imported' ? (
          <Button
            size="compact-xs"
            variant="subtle"
            color="red"
            aria-label={t('model.removeOf', { title })}
            onClick={() => onRemove(model)}
          >
            {t('model.remove')}
          </Button>
        ) : null}
      </Group>
    </div>
  )
}
