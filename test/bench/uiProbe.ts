/** What the benchmark measures from inside the window; a script of its own there, so it may use nothing from outside. */

export interface Probe {
  /** Milliseconds from a moment of `performance.now()` until all these panes have drawn something. */
  painted(panes: readonly string[], since: number): Promise<number>
  /** Begins to take the time between frames. */
  begin(): void
  /**
   * Times between frames since `begin`, and tasks over 50 ms: how long each took, and how long of that the window waited for
   * the GPU process, which has to finish drawing what it is asked to copy, and lets wait who asks for too much at once. All ms.
   */
  end(): { frames: number[]; longTasks: { ms: number; waitedMs: number }[] }
  /** Presses a key and waits until what it caused is on screen, ms. */
  press(key: string): Promise<number>
  /** Presses a key and waits until the list of findings has changed, ms; null where it does not within 2 s. */
  pressForList(key: string): Promise<number | null>
}

declare global {
  interface Window {
    probe: Probe
  }
}

/** Moments of `performance.now()`, ms. */
interface Span {
  from: number
  to: number
}

export function installProbe(): void {
  const longTasks: Span[] = []
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      longTasks.push({ from: startTime, to: startTime + duration })
  }).observe({ type: 'longtask', buffered: true })

  const waits: Span[] = []
  const drawnByGpu = new WeakSet<object>()
  const { getContext } = HTMLCanvasElement.prototype
  HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, ...args: [string]) {
    if (args[0] === 'webgl2') drawnByGpu.add(this)
    return getContext.apply(this, args)
  } as typeof getContext
  const { drawImage } = CanvasRenderingContext2D.prototype
  CanvasRenderingContext2D.prototype.drawImage = function (...args: unknown[]) {
    const from = performance.now()
    drawImage.apply(this, args as Parameters<typeof drawImage>)
    if (drawnByGpu.has(args[0] as object)) waits.push({ from, to: performance.now() })
  } as typeof drawImage
  // Asking takes microseconds: a call of a millisecond waited.
  const gl = WebGL2RenderingContext.prototype as unknown as Record<string, (...args: unknown[]) => unknown>
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(gl))) {
    if (typeof value !== 'function' || name === 'constructor') continue
    gl[name] = function (...args) {
      const from = performance.now()
      const result = value.apply(this, args)
      const to = performance.now()
      if (to - from >= 1) waits.push({ from, to })
      return result
    }
  }

  const frame = () => new Promise<number>((shown) => requestAnimationFrame(shown))
  const down = (key: string) =>
    document.activeElement!.dispatchEvent(
      new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }),
    )

  /** Whether anything that is not black is in the pane's image. */
  const isPainted = (pane: string): boolean =>
    [...document.querySelectorAll<HTMLCanvasElement>(`[data-pane=${pane}] canvas.cornerstone-canvas`)].some(
      (canvas) => {
        if (canvas.width === 0) return false
        const small = new OffscreenCanvas(16, 16).getContext('2d')!
        small.drawImage(canvas, 0, 0, 16, 16)
        const { data } = small.getImageData(0, 0, 16, 16)
        return data.some((value, i) => i % 4 < 3 && value > 8)
      },
    )

  let frames: number[] = []
  let isRunning = false
  window.probe = {
    async painted(panes, since) {
      while (!panes.every(isPainted)) await frame()
      return performance.now() - since
    },
    begin() {
      frames = []
      longTasks.length = 0
      waits.length = 0
      isRunning = true
      void (async () => {
        let last = await frame()
        while (isRunning) {
          const now = await frame()
          frames.push(now - last)
          last = now
        }
      })()
    },
    end() {
      isRunning = false
      const waited = (task: Span) =>
        waits
          .filter(({ from, to }) => from >= task.from && to <= task.to)
          .reduce((sum, { from, to }) => sum + to - from, 0)
      return {
        frames,
        longTasks: longTasks.map((task) => ({ ms: task.to - task.from, waitedMs: waited(task) })),
      }
    },
    async press(key) {
      const start = performance.now()
      down(key)
      // Drawn in the first frame, on screen when the second begins.
      await frame()
      await frame()
      return performance.now() - start
    },
    async pressForList(key) {
      const list = document.querySelector('#findings-list')!
      const start = performance.now()
      const changed = new Promise<number>((found) => {
        const observer = new MutationObserver(() => {
          observer.disconnect()
          found(performance.now() - start)
        })
        observer.observe(list, { subtree: true, childList: true, attributes: true, characterData: true })
      })
      down(key)
      const never = new Promise<null>((none) => setTimeout(() => none(null), 2000))
      return await Promise.race([changed, never])
    },
  }
}
