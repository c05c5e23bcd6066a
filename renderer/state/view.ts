import { create } from 'zustand'
import type { Mat3, Vec3 } from '../../main/imaging/volume.ts'
import { IDENTITY } from '../../main/imaging/volume.ts'

/** The three planes of the patient, and the fourth pane: a thick slab or a rendering of the whole volume. */
export type PaneId = 'axial' | 'coronal' | 'sagittal' | 'fourth'
export const PANES: readonly PaneId[] = ['axial', 'coronal', 'sagittal', 'fourth']

/** single: one pane; one-two: one large beside two others; grid: all four. */
export type Layout = 'single' | 'one-two' | 'grid'

/** What the left mouse button does in a pane. */
export type Tool =
  | 'crosshair'
  | 'window'
  | 'pan'
  | 'zoom'
  | 'scroll'
  | 'rotate'
  | 'length'
  | 'angle'
  | 'ellipse'
  | 'rectangle'
  | 'brush'
  | 'eraser'
  | 'threshold-brush'
  | 'fill'

export interface WindowPreset {
  id: 'lung' | 'mediastinum' | 'bone' | 'liver' | 'brain' | 'full'
  centreHu: number
  widthHu: number
}

/** Usual CT windows (centre, width in HU); `full` is what 12 bits hold. */
export const WINDOW_PRESETS: readonly WindowPreset[] = [
  { id: 'lung', centreHu: -600, widthHu: 1500 },
  { id: 'mediastinum', centreHu: 40, widthHu: 400 },
  { id: 'bone', centreHu: 400, widthHu: 1800 },
  { id: 'liver', centreHu: 60, widthHu: 160 },
  { id: 'brain', centreHu: 40, widthHu: 80 },
  { id: 'full', centreHu: 1024, widthHu: 4096 },
]

export interface ViewState {
  layout: Layout
  /** Shown alone, by double click; null for the layout. */
  maximised: PaneId | null
  activePane: PaneId
  /** The one shown alone, or large: a click on another pane makes that active, and moves nothing. */
  largePane: PaneId
  /** The world point that all panes show, LPS mm. */
  crosshairMm: Vec3
  /** Turns the three planes together; columns are what the patient's L, P and S axes became. Identity: not oblique. */
  rotation: Mat3
  windowCentreHu: number
  windowWidthHu: number
  /** 0: one slice. */
  slabThicknessMm: number
  slabMode: 'max' | 'min' | 'mean'
  fourthPane: 'slab' | 'volume'
  /** The plane that the fourth pane's slab lies in, and how thick it is. */
  fourthPlane: 'axial' | 'coronal' | 'sagittal'
  fourthThicknessMm: number
  tool: Tool
  /** Texts in the corners, orientation letters, scale bar, crosshair lines. */
  showAnnotations: boolean
  showCrosshair: boolean
}

export const INITIAL_VIEW: ViewState = {
  layout: 'one-two',
  maximised: null,
  activePane: 'axial',
  largePane: 'axial',
  crosshairMm: [0, 0, 0],
  rotation: IDENTITY,
  windowCentreHu: 40,
  windowWidthHu: 400,
  slabThicknessMm: 0,
  slabMode: 'max',
  fourthPane: 'slab',
  fourthPlane: 'coronal',
  fourthThicknessMm: 60,
  tool: 'crosshair',
  showAnnotations: true,
  showCrosshair: true,
}

/** The one state of the panes: they draw it and change it, and never keep a state of their own. */
export const useView = create<ViewState>(() => INITIAL_VIEW)

export const setView = (change: Partial<ViewState>): void => useView.setState(change)

/** Those that change a finding's outline. */
export const EDITING_TOOLS: readonly Tool[] = ['brush', 'eraser', 'threshold-brush', 'fill']

/** The next scan begins straight, in all panes, and with nothing in hand that would draw on it. */
export function leaveScan(): void {
  const { tool } = useView.getState()
  useView.setState({
    rotation: IDENTITY,
    maximised: null,
    ...(EDITING_TOOLS.includes(tool) ? { tool: INITIAL_VIEW.tool } : {}),
  })
}

/** All panes go there. */
export function jumpTo(crosshairMm: Vec3): void {
  useView.setState({ crosshairMm })
}

export function presetOf({ windowCentreHu, windowWidthHu }: ViewState): WindowPreset | undefined {
  return WINDOW_PRESETS.find((p) => p.centreHu === windowCentreHu && p.widthHu === windowWidthHu)
}
