import { z } from 'zod'

/** Screen coordinates in device-independent pixels. */
const Bounds = z.object({ x: z.int(), y: z.int(), width: z.int().min(1), height: z.int().min(1) })
export type Bounds = z.infer<typeof Bounds>
const WindowState = z.object({ bounds: Bounds, maximized: z.boolean() })
export type WindowState = z.infer<typeof WindowState>

export const MIN_SIZE = { width: 1024, height: 640 }
const DEFAULT_SIZE = { width: 1600, height: 1000 }
/** Enough of the title bar to take hold of. */
const MIN_VISIBLE = { width: 200, height: 40 }

/**
 * Where the window opens: as it was left, if that is still on one of the screens; else in the middle of the first one,
 * maximised, as a reader works.
 *
 * @param stored the text that `storedState` made; undefined at the first start
 * @param workAreas of the screens, without task bars; the primary one first
 */
export function openingState(stored: string | undefined, workAreas: readonly Bounds[]): WindowState {
  const state = parse(stored)
  if (state && workAreas.some((area) => isReachable(state.bounds, area))) return state
  const [area] = workAreas
  const width = Math.min(DEFAULT_SIZE.width, area.width)
  const height = Math.min(DEFAULT_SIZE.height, area.height)
  const x = area.x + Math.floor((area.width - width) / 2)
  const y = area.y + Math.floor((area.height - height) / 2)
  return { bounds: { x, y, width, height }, maximized: true }
}

export function storedState(state: WindowState): string {
  return JSON.stringify(state)
}

function parse(stored: string | undefined): WindowState | undefined {
  try {
    return WindowState.parse(JSON.parse(stored ?? ''))
  } catch {
    return undefined
  }
}

function isReachable(window: Bounds, area: Bounds): boolean {
  const width = Math.min(window.x + window.width, area.x + area.width) - Math.max(window.x, area.x)
  const top = window.y
  return width >= MIN_VISIBLE.width && top >= area.y && top + MIN_VISIBLE.height <= area.y + area.height
}
