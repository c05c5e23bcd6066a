import type { ModelInspection } from '../../preload/modelRecords.ts'
import type { ModelEntry } from '../../preload/records.ts'
import { t } from '../i18n/index.ts'
import { bytesWords } from '../library/words.ts'
import css from './runs.module.css'

/** What a reader may want to know of a model before believing it, in its author's words. */
export function ModelFacts({ model }: { model: ModelEntry | ModelInspection }) {
  const facts: [string, string][] = [
    [t('model.version'), model.version],
    [t('model.licence'), model.licence],
    [t('model.intendedUse'), model.intendedUse],
    [t('model.provenance'), model.provenance],
    [
      t('model.trainingData'),
      model.trainingData.map(({ name, licence }) => `${name} (${licence})`).join('; '),
    ],
    [t('model.limitations'), model.limitations.join(' ')],
    'sizeBytes' in model ? [t('model.size'), bytesWords(model.sizeBytes)] : [t('model.hash'), model.hash],
  ]
  return (
    <dl className={css.facts}>
      {facts
        .filter(([, text]) => text !== '')
        .map(([name, text]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
    </dl>
  )
}
