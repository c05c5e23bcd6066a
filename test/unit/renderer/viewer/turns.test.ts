import { describe, expect, it } from 'vitest'
import type { PaneId } from '../../../../renderer/state/view.ts'
import { Turns, type Wanted } from '../../../../renderer/viewer/render/turns.ts'

const PANE: Omit<Wanted, 'pane'> = { load: 'planes', pixels: 250_000 }
const THREE: Wanted[] = (['axial', 'coronal', 'sagittal'] as const).map((pane) => ({ pane, ...PANE }))

/** Panes of each frame until none waits, where a pane takes so long, drawn sharp. */
function frames(turns: Turns, paneMs: number, active: PaneId, moving = false): PaneId[][] {
  const all: PaneId[][] = []
  let wanted = THREE
  do {
    const drawn: PaneId[] = []
    turns.take(turns.inTurn(wanted, active), moving, ({ pane }) => drawn.push(pane) > 0)
    turns.frame()?.(16 + paneMs * drawn.length)
    all.push(drawn)
    wanted = THREE.filter(({ pane }) => turns.waiting.includes(pane))
  } while (wanted.length > 0 && all.length < 10)
  return all
}

describe('turns of the panes', () => {
  it('draws one pane first, to learn what it takes', () => {
    expect(frames(new Turns(), 1, 'axial')[0]).toEqual(['axial'])
  })
  it('draws all in the same frame where there is time for all', () => {
    const turns = new Turns()
    frames(turns, 1, 'axial')
    expect(frames(turns, 1, 'axial')).toEqual([['axial', 'coronal', 'sagittal']])
  })
  it('draws each in a frame of its own where one fills it, that under the hand first', () => {
    const turns = new Turns()
    frames(turns, 40, 'axial')
    expect(frames(turns, 40, 'sagittal')).toEqual([['sagittal'], ['axial'], ['coronal']])
  })
  it('draws those that waited before one that changes in every frame', () => {
    const turns = new Turns()
    frames(turns, 40, 'axial')
    const order: PaneId[] = []
    for (let frame = 0; frame < 6; frame++) {
      turns.take(turns.inTurn(THREE, 'axial'), false, ({ pane }) => order.push(pane) > 0)
      turns.frame()?.(16 + 40)
    }
    for (const { pane } of THREE) expect(order.filter((one) => one === pane)).toHaveLength(2)
  })
  it('draws what moves coarser, so that all are drawn in the same frame', () => {
    const turns = new Turns()
    frames(turns, 40, 'axial')
    expect(frames(turns, 8, 'axial', true)).toEqual([['axial', 'coronal', 'sagittal']])
  })
  it('has a pane that is not drawn take no time from another', () => {
    const turns = new Turns()
    frames(turns, 40, 'axial')
    const drawn: PaneId[] = []
    turns.take(THREE, false, ({ pane }) => pane !== 'axial' && drawn.push(pane) > 0)
    expect(drawn).toEqual(['coronal'])
    expect(turns.waiting).toEqual(['sagittal'])
  })
})
