import { IDENTITY } from '../../main/imaging/volume.ts'
import type { Command } from '../commands/registry.ts'
import { useSession } from '../state/session.ts'
import { INITIAL_VIEW, type Layout, setView, type Tool, useView, WINDOW_PRESETS } from '../state/view.ts'
import { centreOf } from './geometry/planes.ts'
import { deleteSelected, useMeasurements } from './measure/store.ts'
import { shownPanes } from './shownPanes.ts'
import { resetFraming } from './stage.ts'
import { toggleMaximised } from './tools/input.ts'
import { scrollPane, zoomPane } from './tools/navigation.ts'

/** The viewer's own tools with their keys, in the order of the toolbar. */
export const TOOL_KEYS: readonly (readonly [Tool, string])[] = [
  ['crosshair', 'c'],
  ['window', 'w'],
  ['pan', 'p'],
  ['zoom', 'z'],
  ['scroll', 'v'],
  ['rotate', 'Shift+r'],
  ['length', 'l'],
  ['angle', 'a'],
  ['ellipse', 'e'],
  ['rectangle', 'q'],
]

export const LAYOUT_KEYS: readonly (readonly [Layout, string])[] = [
  ['single', 'Alt+1'],
  ['one-two', 'Alt+2'],
  ['grid', 'Alt+3'],
]

/** What the slab key goes through, mm. */
const SLAB_STEPS_MM = [0, 5, 10, 20, 40]
const PAGE_SLICES = 10
const ZOOM_STEP = 1.25

const hasScan = (): boolean => useSession.getState().scan !== null

export function setLayout(layout: Layout): void {
  setView({ layout, maximised: null, largePane: useView.getState().activePane })
}

export function setPreset(id: string): void {
  const preset = WINDOW_PRESETS.find((one) => one.id === id)
  if (preset) setView({ windowCentreHu: preset.centreHu, windowWidthHu: preset.widthHu })
}

/** As the scan opened: planes straight, all of it in sight, in its middle; window and layout stay. */
export function resetView(): void {
  const { scan } = useSession.getState()
  resetFraming()
  setView({
    rotation: IDENTITY,
    slabThicknessMm: INITIAL_VIEW.slabThicknessMm,
    ...(scan ? { crosshairMm: centreOf(scan.grid) } : {}),
  })
}

export function nextSlab(): void {
  const { slabThicknessMm } = useView.getState()
  setView({ slabThicknessMm: SLAB_STEPS_MM.find((mm) => mm > slabThicknessMm) ?? 0 })
}

const scrollActive = (slices: number) => () => scrollPane(useView.getState().activePane, slices)
const zoomActive = (factor: number) => () => zoomPane(useView.getState().activePane, factor)

/** All that the viewer does, for the palette, the keys and the menus. */
export function viewerCommands(): Command[] {
  return [
    ...LAYOUT_KEYS.map(
      ([layout, key]): Command => ({
        id: `view.layout.${layout}`,
        group: 'view',
        keys: [key],
        run: () => setLayout(layout),
      }),
    ),
    ...WINDOW_PRESETS.map(
      ({ id }, i): Command => ({
        id: `window.${id}`,
        group: 'window',
        keys: [`${i + 1}`],
        enabled: hasScan,
        run: () => setPreset(id),
      }),
    ),
    ...TOOL_KEYS.map(
      ([tool, key], i): Command => ({
        id: `tool.${tool}`,
        group: i < 6 ? 'view' : 'measure',
        keys: [key],
        run: () => setView({ tool }),
      }),
    ),
    { id: 'view.nextSlice', group: 'view', keys: ['ArrowDown'], enabled: hasScan, run: scrollActive(1) },
    { id: 'view.previousSlice', group: 'view', keys: ['ArrowUp'], enabled: hasScan, run: scrollActive(-1) },
    {
      id: 'view.pageDown',
      group: 'view',
      keys: ['PageDown'],
      enabled: hasScan,
      run: scrollActive(PAGE_SLICES),
    },
    { id: 'view.pageUp', group: 'view', keys: ['PageUp'], enabled: hasScan, run: scrollActive(-PAGE_SLICES) },
    { id: 'view.zoomIn', group: 'view', keys: ['+', '='], enabled: hasScan, run: zoomActive(ZOOM_STEP) },
    { id: 'view.zoomOut', group: 'view', keys: ['-'], enabled: hasScan, run: zoomActive(1 / ZOOM_STEP) },
    { id: 'view.reset', group: 'view', keys: ['r'], enabled: hasScan, run: resetView },
    { id: 'view.straighten', group: 'view', enabled: hasScan, run: () => setView({ rotation: IDENTITY }) },
    {
      id: 'view.maximise',
      group: 'view',
      keys: ['m'],
      run: () => toggleMaximised(useView.getState().maximised ?? useView.getState().activePane),
    },
    { id: 'view.nextPane', group: 'view', keys: ['Shift+m'], run: nextPane },
    { id: 'view.slab', group: 'view', keys: ['s'], enabled: hasScan, run: nextSlab },
    ...(['max', 'min', 'mean'] as const).map(
      (slabMode): Command => ({
        id: `view.slab.${slabMode}`,
        group: 'view',
        run: () => setView({ slabMode }),
      }),
    ),
    ...(['slab', 'volume'] as const).map(
      (fourthPane): Command => ({
        id: `view.fourth.${fourthPane}`,
        group: 'view',
        run: () => setView({ fourthPane }),
      }),
    ),
    {
      id: 'view.annotations',
      group: 'view',
      keys: ['i'],
      run: () => setView({ showAnnotations: !useView.getState().showAnnotations }),
    },
    {
      id: 'view.crosshair',
      group: 'view',
      keys: ['Shift+c'],
      run: () => setView({ showCrosshair: !useView.getState().showCrosshair }),
    },
    {
      id: 'measure.delete',
      group: 'measure',
      keys: ['Delete', 'Backspace'],
      enabled: () => useMeasurements.getState().selectedId !== null,
      run: deleteSelected,
    },
  ]
}

/** The next pane on screen gets the keys that scroll and zoom. */
function nextPane(): void {
  const shown = shownPanes()
  const at = shown.indexOf(useView.getState().activePane)
  setView({ activePane: shown[(at + 1) % shown.length]! })
}
