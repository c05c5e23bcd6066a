import { create } from 'zustand'
import type { ThresholdSteps } from '../../main/findings/steps.ts'

/** Perceptually uniform ones first. */
export const COLOUR_MAPS = ['inferno', 'viridis', 'magma', 'plasma', 'turbo', 'jet'] as const
export type ColourMap = (typeof COLOUR_MAPS)[number]

export interface OverlayState {
  /** Of the run on screen; null where there is none. */
  steps: ThresholdSteps | null
  /**
   * The threshold: 1-based index into the steps. What has at least this step is shown, and its components are the
   * findings.
   */
  step: number
  /** Findings smaller than this are not listed, mL. */
  minVolumeMl: number
  /** What the eye sees of the colour, 0–1: 0.5 mixes colour and grey in halves. */
  opacity: number
  colourMap: ColourMap
  style: 'fill' | 'outline'
  /** Off while the hold-to-hide key is down, or switched off. */
  visible: boolean
  blinking: boolean
}

/** What the command line takes as a finding too. */
export const DEFAULT_LEVEL = 99.9
export const DEFAULT_MIN_VOLUME_ML = 0.1

export const INITIAL_OVERLAY: OverlayState = {
  steps: null,
  step: 1,
  minVolumeMl: DEFAULT_MIN_VOLUME_ML,
  opacity: 0.5,
  colourMap: 'inferno',
  style: 'fill',
  visible: true,
  blinking: false,
}

export const useOverlay = create<OverlayState>(() => INITIAL_OVERLAY)

export const setOverlay = (change: Partial<OverlayState>): void => useOverlay.setState(change)

/** Moves the threshold, kept within the steps. */
export function setStep(step: number): void {
  const { steps } = useOverlay.getState()
  if (!steps) return
  const kept = Math.min(Math.max(1, Math.round(step)), steps.level.length)
  if (kept !== useOverlay.getState().step) useOverlay.setState({ step: kept })
}

/** Anomaly level of the threshold, 0–100; undefined without a run. */
export function thresholdLevel({ steps, step }: OverlayState): number | undefined {
  return steps?.level[step - 1]
}
