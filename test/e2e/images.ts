import type { Page } from '@playwright/test'
import { PNG } from 'pngjs'
import { expect } from './workstation.ts'

export type Pane = 'Axial' | 'Coronal' | 'Sagittal' | 'Fourth pane'

/** At the edges of a pane lie texts and coloured marks; px. */
const EDGE_PX = 30
/** Least difference of red and blue that makes a pixel coloured: the CT itself is grey. */
const COLOURED = 40

export const pane = (page: Page, name: Pane) => page.getByRole('application', { name })

const shot = (page: Page, name: Pane) => pane(page, name).screenshot({ animations: 'disabled' })

/** Whether a pane is still to be drawn sharp, where the processor draws. */
const isCoarse = async (page: Page, name: Pane) =>
  (await pane(page, name).getAttribute('data-drawn')) === 'coarse'

/** What a pane shows, once it has stopped changing. */
export async function picture(page: Page, name: Pane): Promise<PNG> {
  let last = await shot(page, name)
  await expect
    .poll(
      async () => {
        const next = await shot(page, name)
        const still = next.equals(last) && !(await isCoarse(page, name))
        last = next
        return still
      },
      { message: `${name} comes to rest`, intervals: [50] },
    )
    .toBe(true)
  return PNG.sync.read(last)
}

/** Part of the pixels that differ, 0 to 1. */
export function difference(a: PNG, b: PNG): number {
  if (a.width !== b.width || a.height !== b.height) return 1
  let count = 0
  for (let i = 0; i < a.data.length; i += 4)
    if ([0, 1, 2].some((c) => Math.abs(a.data[i + c] - b.data[i + c]) > 24)) count++
  return count / (a.width * a.height)
}

/** Pixels with a colour, away from the edges: heat map, outlines and lines. */
export function coloured({ data, width, height }: PNG): number {
  let count = 0
  for (let y = EDGE_PX; y < height - EDGE_PX; y++)
    for (let x = EDGE_PX; x < width - EDGE_PX; x++) {
      const at = 4 * (y * width + x)
      if (Math.abs(data[at] - data[at + 2]) > COLOURED) count++
    }
  return count
}

/** Mean brightness away from the edges, 0 to 255. */
export function brightness({ data, width, height }: PNG): number {
  let sum = 0
  for (let y = EDGE_PX; y < height - EDGE_PX; y++)
    for (let x = EDGE_PX; x < width - EDGE_PX; x++) sum += data[4 * (y * width + x) + 1]
  return sum / ((width - 2 * EDGE_PX) * (height - 2 * EDGE_PX))
}

/** Waits until a pane differs from what it was in at least this part of its pixels; gives what it shows then. */
export async function changed(page: Page, name: Pane, before: PNG, part = 0.001): Promise<PNG> {
  await expect
    .poll(async () => difference(before, PNG.sync.read(await shot(page, name))), {
      message: `${name} changes`,
      intervals: [50],
    })
    .toBeGreaterThan(part)
  return picture(page, name)
}
