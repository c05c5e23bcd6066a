import { useReview } from '../state/review.ts'
import { useSession } from '../state/session.ts'
import { findingThumbnail, type HuWindow } from '../viewer/thumbnail.ts'
import { pointOf } from './place.ts'
import { regionOf } from './region.ts'
import type { ReviewFinding } from './reviewFindings.ts'

export const THUMBNAIL_PX = 52
/** Drawn finer than shown, for dense screens. */
const DRAWN_PX = 2 * THUMBNAIL_PX
const MOST_KEPT = 600
/** A larger box takes too long to be outlined in idle time. */
const MOST_OUTLINED = 2_000_000
/** Of a frame's idle time, ms: then the next frame. */
const LEAST_LEFT_MS = 4

/** The threshold has come to rest. */
const SETTLE_MS = 150

const LUNG: HuWindow = { centreHu: -600, widthHu: 1500 }
const SOFT: HuWindow = { centreHu: 40, widthHu: 400 }
const BONE: HuWindow = { centreHu: 400, widthHu: 1800 }

interface Kept {
  /** What it was drawn from: another object once the outline is another one. */
  source: object | null
  canvas: HTMLCanvasElement
}

/** Of the scan on screen. */
const kept = new Map<string, Kept>()
const waiting = new Map<HTMLElement, ReviewFinding>()
let asked = false

useSession.subscribe(({ scan }, before) => {
  if (scan !== before.scan) kept.clear()
})

/**
 * Puts a finding's picture into an element: at once where it is there, otherwise in idle time. Until then what was
 * drawn of it at another threshold stays. Returns a function that ends it.
 */
export function showThumbnail(into: HTMLElement, finding: ReviewFinding): () => void {
  const known = kept.get(finding.key)
  // Put there again, the same canvas would be laid out and drawn again with every step of the threshold.
  if (known && into.firstChild !== known.canvas) into.replaceChildren(known.canvas)
  if (known?.source === sourceOf(finding)) return () => undefined
  // While the threshold moves, a picture with the last outline will do.
  const later = setTimeout(
    () => {
      waiting.set(into, finding)
      ask()
    },
    known ? SETTLE_MS : 0,
  )
  return () => {
    clearTimeout(later)
    waiting.delete(into)
  }
}

function sourceOf({ key, machine }: ReviewFinding): object | null {
  return useReview.getState().records.get(key)?.outline ?? machine
}

function ask(): void {
  if (asked) return
  asked = true
  if ('requestIdleCallback' in window) requestIdleCallback(work, { timeout: 500 })
  else setTimeout(() => work({ didTimeout: true, timeRemaining: () => 0 }), 30)
}

function work(deadline: IdleDeadline): void {
  asked = false
  for (const [into, finding] of waiting) {
    waiting.delete(into)
    const canvas = draw(finding)
    if (canvas) into.replaceChildren(canvas)
    if (deadline.timeRemaining() < LEAST_LEFT_MS) break
  }
  if (waiting.size > 0) ask()
}

function draw(finding: ReviewFinding): HTMLCanvasElement | null {
  const { scan } = useSession.getState()
  if (!scan) return null
  const { grid, voxels } = scan
  const canvas = document.createElement('canvas')
  const { min, max } = finding.extentIndex
  const widest = Math.max(...[0, 1, 2].map((a) => (max[a] - min[a] + 1) * grid.spacing[a]))
  const sizeMm = Math.min(Math.max(1.7 * widest, 50), 250)
  const window = finding.huMean < -300 ? LUNG : finding.huMean > 250 ? BONE : SOFT
  const region = regionOf(finding, MOST_OUTLINED)
  findingThumbnail(canvas, grid, voxels, pointOf(finding), sizeMm, DRAWN_PX, window, region)
  kept.delete(finding.key)
  kept.set(finding.key, { source: sourceOf(finding), canvas })
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!)
  return canvas
}
