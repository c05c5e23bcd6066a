import { Alert, Modal, Stack, Text, Title } from '@mantine/core'
import { useEffect, useState } from 'react'
import { call } from '../api/index.ts'
import { registerCommands } from '../commands/registry.ts'
import { t } from '../i18n/index.ts'
import { bytesWords } from '../library/words.ts'
import { ModelFacts } from '../runs/ModelFacts.tsx'
import css from '../runs/runs.module.css'
import { closeDialog, openDialog, useDialogs } from '../shell/dialogs.ts'
import { useLibrary } from '../state/library.ts'

/** What this program is, what it is made of, and what it is not for. */
export function About() {
  const opened = useDialogs((state) => state.open === 'about')
  const info = useLibrary((state) => state.info)
  const models = useLibrary((state) => state.models)
  const [diskUsedBytes, setDiskUsedBytes] = useState<number | null>(null)

  useEffect(() => {
    // The disk fills while the window is open.
    if (opened)
      call('app.diskUsed', {})
        .then(({ bytes }) => setDiskUsedBytes(bytes))
        .catch(() => setDiskUsedBytes(null))
  }, [opened])

  useEffect(() => registerCommands([{ id: 'help.about', group: 'help', run: () => openDialog('about') }]), [])

  const facts: [string, string][] = info
    ? [
        [t('about.version'), info.version],
        [t('about.host'), `${t(`about.host.${info.host}`)}, ${info.platform}`],
        [
          t('about.madeOf'),
          Object.entries(info.versions)
            .map(([name, version]) => `${name} ${version}`)
            .join(', '),
        ],
        [t('about.dataFolder'), info.dataFolder],
        [t('about.disk'), diskUsedBytes === null ? '…' : bytesWords(diskUsedBytes)],
        [t('about.licence'), t('about.licenceText')],
      ]
    : []
  return (
    <Modal
      opened={opened}
      onClose={closeDialog}
      title={t('command.help.about')}
      size={680}
      closeButtonProps={{ 'aria-label': t('dialog.close') }}
    >
      <Stack>
        <Text>{t('about.what')}</Text>
        <Alert
          color="yellow"
          variant="outline"
          p="xs"
          title={info?.researchUseOnly ?? t('product.researchUseOnly')}
        >
          {t('about.notFor')}
        </Alert>
        <dl className={css.facts}>
          {facts.map(([name, text]) => (
            <div key={name} style={{ display: 'contents' }}>
              <dt>{name}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
        {models.map((model) => (
          <section key={model.name} aria-labelledby={`about-${model.name}`}>
            <Title order={2} id={`about-${model.name}`} mb={4}>
              {t('about.model', { title: model.title })}
            </Title>
            <ModelFacts model={model} />
          </section>
        ))}
      </Stack>
    </Modal>
  )
}
