import { create } from 'zustand'
import type { Draft } from '../../main/findings/editing/draft.ts'

/** Smallest and largest brush that the panel offers, mm. */
export const RADIUS_MM = { min: 0.5, max: 40 } as const

export interface EditingState {
  radiusMm: number
  /** A ball paints in all slices that it touches, a disc in the one on screen. */
  shape: 'disc' | 'ball'
  /** What the threshold brush may add: voxels in a range of HU, or those above the threshold. */
  limit: 'hu' | 'level'
  lowHu: number
  highHu: number
  /** Slices are across this grid axis: that of the last stroke, for interpolation between them. */
  axis: 0 | 1 | 2
  /** The outline being drawn, until main has stored it; `version` grows with every change of its voxels. */
  draft: { key: string; draft: Draft; version: number } | null
}

export const INITIAL_EDITING: EditingState = {
  radiusMm: 5,
  shape: 'disc',
  limit: 'hu',
  // Soft tissue and lesions with contrast medium.
  lowHu: -50,
  highHu: 150,
  axis: 2,
  draft: null,
}

export const useEditing = create<EditingState>(() => INITIAL_EDITING)

export const setEditing = (change: Partial<EditingState>): void => useEditing.setState(change)

/** Makes the brush larger or smaller by a factor, within what the panel offers. */
export function scaleBrush(factor: number): void {
  const { radiusMm } = useEditing.getState()
  const scaled = Math.min(RADIUS_MM.max, Math.max(RADIUS_MM.min, radiusMm * factor))
  useEditing.setState({ radiusMm: Math.round(scaled * 10) / 10 })
}
