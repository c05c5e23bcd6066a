import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import '@mantine/spotlight/styles.css'
import './shell/global.css'
import './i18n/index.ts'
import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { EditingPanel, useEditingTools } from './editing/index.tsx'
import { ExportDialog } from './exporting/ExportDialog.tsx'
import { FindingsPanel } from './findings/index.tsx'
import { useOtherWindows } from './findings/useOtherWindows.ts'
import { About } from './help/About.tsx'
import { KeysDialog } from './help/KeysDialog.tsx'
import { Palette } from './help/Palette.tsx'
import { Preferences } from './help/Preferences.tsx'
import { Tour } from './help/Tour.tsx'
import { UndoButtons } from './history/index.tsx'
import { t } from './i18n/index.ts'
import { AddingReport } from './library/AddingReport.tsx'
import { FolderPicker } from './library/FolderPicker.tsx'
import { LibraryPanel } from './library/LibraryPanel.tsx'
import { ThresholdPanel } from './overlay/index.tsx'
import { RunBar } from './runs/RunBar.tsx'
import { useFinishedRuns } from './runs/useFinishedRuns.ts'
import { DetailsDialog } from './shell/Details.tsx'
import { DropTarget } from './shell/DropTarget.tsx'
import { ErrorBoundary } from './shell/ErrorBoundary.tsx'
import { Shell } from './shell/Shell.tsx'
import { useAppCommands } from './shell/useAppCommands.ts'
import { useColourScheme } from './shell/useColourScheme.ts'
import { useGlobalKeys } from './shell/useGlobalKeys.ts'
import { useMain } from './shell/useMain.ts'
import { useRemembered } from './shell/useRemembered.ts'
import { cssVariables, theme } from './theme.ts'
import { Viewer } from './viewer/index.tsx'

function Workstation() {
  useGlobalKeys()
  useAppCommands()
  useFinishedRuns()
  useOtherWindows()
  useEditingTools()
  useRemembered()
  return (
    <>
      <Shell
        undo={<UndoButtons />}
        library={<LibraryPanel />}
        viewer={<Viewer />}
        threshold={
          <>
            <ThresholdPanel />
            <EditingPanel />
          </>
        }
        findings={<FindingsPanel />}
        runs={<RunBar />}
      />
      <DropTarget />
      <ExportDialog />
      <KeysDialog />
      <Palette />
      <Preferences />
      <About />
      <Tour />
      <AddingReport />
      <FolderPicker />
      <DetailsDialog />
    </>
  )
}

export function App() {
  const ready = useMain()
  const scheme = useColourScheme()
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} forceColorScheme={scheme}>
      <Notifications position="bottom-left" limit={4} />
      <ErrorBoundary part={t('product.name')}>{ready ? <Workstation /> : null}</ErrorBoundary>
    </MantineProvider>
  )
}
