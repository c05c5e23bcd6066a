import { Modal, Text } from '@mantine/core'
import { useEffect } from 'react'
import { registerCommands } from '../commands/registry.ts'
import { t } from '../i18n/index.ts'
import { closeDialog, openDialog, useDialogs } from '../shell/dialogs.ts'
import { useSession } from '../state/session.ts'
import { ExportForm } from './ExportForm.tsx'
import { ExportProgress } from './ExportProgress.tsx'
import { ExportWritten } from './ExportWritten.tsx'
import { backToChoosing, useExport } from './useExport.ts'

/** Writes what the reader reviewed: what, which findings, where to. */
export function ExportDialog() {
  const opened = useDialogs((state) => state.open === 'export')
  const phase = useExport((state) => state.phase)
  // While it is closed it holds on to no scan.
  const scan = useSession((state) => (opened ? state.scan : null))
  const result = useSession((state) => (opened ? state.result : null))
  const busy = phase.name === 'drawing' || phase.name === 'writing'

  useEffect(
    () =>
      registerCommands([
        {
          id: 'file.export',
          group: 'file',
          keys: ['Mod+e'],
          run: () => {
            backToChoosing()
            openDialog('export')
          },
        },
      ]),
    [],
  )

  return (
    <Modal
      opened={opened}
      onClose={closeDialog}
      closeOnClickOutside={!busy}
      closeOnEscape={!busy}
      withCloseButton={!busy}
      title={t('export.title')}
      size={560}
      closeButtonProps={{ 'aria-label': t('dialog.close') }}
    >
      {!scan || !result ? (
        <Text>{t('export.nothing')}</Text>
      ) : busy ? (
        <ExportProgress />
      ) : phase.name === 'written' ? (
        <ExportWritten result={phase.result} />
      ) : (
        <ExportForm scan={scan} result={result} error={phase.name === 'choosing' ? phase.error : null} />
      )}
    </Modal>
  )
}
