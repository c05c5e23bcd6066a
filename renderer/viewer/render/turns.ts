import { PANES, type PaneId } from '../../state/view.ts'
import { IMAGES_MS, Pace } from '../cornerstone/pace.ts'

/** Nobody measures on the volume rendering: where the processor draws it, it stays coarse rather than hold the window. */
const VOLUME_MS = 500

/** What a pane costs to draw. */
export type Load = 'planes' | 'slabs' | 'volume'

/** A pane that is to be drawn. */
export interface Wanted {
  pane: PaneId
  load: Load
  /** CSS pixels. */
  pixels: number
}

interface Drawn extends Wanted {
  coarse: number
  ms: number
}

/**
 * Who is drawn in the frame to come: all panes where there is time for all, as on a GPU. Where there is not, the one
 * under the hand first, and the others in the frames after it, so that no frame holds the window.
 */
export class Turns {
  readonly #paces: Readonly<Record<Load, Pace>> = {
    planes: new Pace(2),
    slabs: new Pace(2),
    volume: new Pace(3, 4, VOLUME_MS),
  }
  #drawing: Drawn[] = []
  #waiting: PaneId[] = []

  /** Panes that had no time yet, longest waiting first. */
  get waiting(): readonly PaneId[] {
    return this.#waiting
  }

  /** Panes that wait stand first, then the one under the hand. */
  inTurn<W extends Wanted>(wanted: readonly W[], active: PaneId): W[] {
    const place = ({ pane }: Wanted) => {
      const waits = this.#waiting.indexOf(pane)
      return waits >= 0 ? waits : PANES.length + (pane === active ? 0 : 1)
    }
    return [...wanted].sort((a, b) => place(a) - place(b))
  }

  /**
   * Has panes drawn that there is time for, in this order; the others wait.
   * @param draw at how many CSS pixels as one; whether the pane will differ
   */
  take<W extends Wanted>(
    wanted: readonly W[],
    moving: boolean,
    draw: (one: W, coarse: number) => boolean,
  ): void {
    this.#waiting = []
    for (const one of wanted) {
      const pace = this.#paces[one.load]
      const coarse = pace.coarse(moving, pixelsOf(wanted, one.load))
      const ms = pace.ms(one.pixels, coarse)
      const spent = this.#drawing.reduce((sum, drawn) => sum + drawn.ms, 0)
      if (this.#drawing.length > 0 && spent + ms > IMAGES_MS) this.#waiting.push(one.pane)
      else if (draw(one, coarse))
        this.#drawing.push({ pane: one.pane, load: one.load, pixels: one.pixels, coarse, ms })
    }
  }

  /** A frame begins: what comes now is for the next. @returns what to call when it is done; null where it draws nothing */
  frame(): ((ms: number) => void) | null {
    const drawn = this.#drawing
    this.#drawing = []
    // The costliest load of a frame is the one that its time tells of.
    const costliest = drawn.find(({ load }) => load === 'volume') ?? drawn[0]
    if (!costliest) return null
    const { load, coarse } = costliest
    return (ms) => this.#paces[load].took(ms, pixelsOf(drawn, load), coarse)
  }

  /** How coarse a pane is drawn that stands still. */
  stillCoarse({ load, pixels }: Wanted): number {
    return this.#paces[load].coarse(false, pixels)
  }

  /** How long nothing may have moved before these are drawn sharp. */
  settleMs(panes: readonly Wanted[]): number {
    return Math.max(0, ...panes.map(({ load, pixels }) => this.#paces[load].settleMs(pixels)))
  }
}

const pixelsOf = (panes: readonly Wanted[], load: Load): number =>
  panes.reduce((sum, pane) => sum + (pane.load === load ? pane.pixels : 0), 0)
