import type { ReactNode } from 'react'
import { useCallback, useEffect } from 'react'
import { Group, Panel, Separator, usePanelRef } from 'react-resizable-panels'
import { z } from 'zod'
import { registerCommands } from '../commands/registry.ts'
import { t } from '../i18n/index.ts'
import { ConnectionStrip } from './ConnectionStrip.tsx'
import { ErrorBoundary } from './ErrorBoundary.tsx'
import { focusNextPart } from './focusParts.ts'
import { getSetting, setSetting } from './settings.ts'
import css from './shell.module.css'
import { TopBar } from './TopBar.tsx'
import { toggleColourScheme } from './useColourScheme.ts'

const LAYOUT_SETTING = 'window.panels'
const Layout = z.record(z.string(), z.number().min(0).max(100))

interface Slots {
  undo: ReactNode
  library: ReactNode
  viewer: ReactNode
  threshold: ReactNode
  findings: ReactNode
  runs: ReactNode
}

/** The frame of the window: bars above and below, three panels between, as wide as the reader left them. */
export function Shell({ undo, library, viewer, threshold, findings, runs }: Slots) {
  const left = usePanelRef()
  const right = usePanelRef()

  const toggle = useCallback((panel: typeof left) => {
    if (panel.current?.isCollapsed()) panel.current.expand()
    else panel.current?.collapse()
  }, [])

  useEffect(
    () =>
      registerCommands([
        { id: 'window.library', group: 'window', keys: ['Mod+b'], run: () => toggle(left) },
        { id: 'window.findings', group: 'window', keys: ['Mod+j'], run: () => toggle(right) },
        { id: 'window.theme', group: 'window', keys: ['Mod+Shift+l'], run: toggleColourScheme },
        {
          id: 'window.nextPart',
          group: 'window',
          keys: ['F6'],
          whileTyping: true,
          run: () => focusNextPart(1),
        },
        {
          id: 'window.previousPart',
          group: 'window',
          keys: ['Shift+F6'],
          whileTyping: true,
          run: () => focusNextPart(-1),
        },
      ]),
    [left, right, toggle],
  )

  return (
    <div className={css.window}>
      <TopBar undo={undo} />
      <ConnectionStrip />
      <Group
        className={css.panels}
        orientation="horizontal"
        defaultLayout={getSetting(LAYOUT_SETTING, Layout, {})}
        onLayoutChanged={(layout, meta) => setSetting(LAYOUT_SETTING, meta.requestedLayout ?? layout)}
      >
        <Panel
          id="library"
          panelRef={left}
          collapsible
          defaultSize={288}
          minSize={220}
          maxSize="40%"
          groupResizeBehavior="preserve-pixel-size"
        >
          <nav className={css.panel} aria-label={t('part.library')} data-part>
            <ErrorBoundary part={t('part.library')}>{library}</ErrorBoundary>
          </nav>
        </Panel>
        <Separator className={css.separator} aria-label={t('separator.library')} />
        <Panel id="viewer" minSize="25%">
          <main className={css.centre} aria-label={t('part.viewer')} data-part>
            <div className={css.viewer}>
              <ErrorBoundary part={t('part.viewer')}>{viewer}</ErrorBoundary>
            </div>
          </main>
        </Panel>
        <Separator className={css.separator} aria-label={t('separator.findings')} />
        <Panel
          id="findings"
          panelRef={right}
          collapsible
          defaultSize={344}
          minSize={320}
          maxSize="45%"
          groupResizeBehavior="preserve-pixel-size"
        >
          <aside className={`${css.panel} ${css.right}`} aria-label={t('part.findings')} data-part>
            <ErrorBoundary part={t('part.findings')}>
              {threshold}
              {findings}
            </ErrorBoundary>
          </aside>
        </Panel>
      </Group>
      <footer className={css.bottom} data-part>
        <ErrorBoundary part={t('part.runs')}>{runs}</ErrorBoundary>
        <strong className={css.research}>{t('product.researchUseOnly')}</strong>
      </footer>
    </div>
  )
}
