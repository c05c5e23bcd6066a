import type { KeyboardEvent } from 'react'
import { nearestStep } from '../../main/findings/steps.ts'
import type { Command } from '../commands/registry.ts'
import { DEFAULT_LEVEL, setOverlay, setStep, useOverlay } from '../state/overlay.ts'
import { stepByKey } from './histogram.ts'

/** What a press with Shift is worth. */
const MANY_STEPS = 10

const hasRun = () => useOverlay.getState().steps !== null

export function moveThreshold(by: number): void {
  setStep(useOverlay.getState().step + by)
}

/** For the controls of the threshold that have the focus. */
export function moveThresholdByKey(event: KeyboardEvent): void {
  const { steps, step } = useOverlay.getState()
  if (!steps || event.altKey || event.ctrlKey || event.metaKey) return
  const to = stepByKey(event.key, event.shiftKey, step, steps.level.length)
  if (to === undefined) return
  event.preventDefault()
  event.stopPropagation()
  setStep(to)
}

export function resetThreshold(): void {
  const { steps } = useOverlay.getState()
  if (steps) setStep(nearestStep(steps, DEFAULT_LEVEL))
}

/** What the overlay was before the key that hides it went down. */
let wasVisible = true

export function overlayCommands(): Command[] {
  const move = (id: string, keys: string[], by: number): Command => ({
    id,
    group: 'overlay',
    keys,
    repeats: true,
    enabled: hasRun,
    run: () => moveThreshold(by),
  })
  return [
    // Many keyboards have brackets on a third level, and no key that Shift makes braces of.
    move('overlay.lower', ['[', ','], -1),
    move('overlay.higher', [']', '.'], 1),
    move('overlay.lowerMuch', ['Shift+ArrowLeft', '{'], -MANY_STEPS),
    move('overlay.higherMuch', ['Shift+ArrowRight', '}'], MANY_STEPS),
    { id: 'overlay.reset', group: 'overlay', enabled: hasRun, run: resetThreshold },
    {
      id: 'overlay.hold',
      group: 'overlay',
      keys: ['h'],
      repeats: false,
      enabled: hasRun,
      run: (event) => {
        // From the palette there is no key that goes up again.
        if (!event) return setOverlay({ visible: !useOverlay.getState().visible })
        wasVisible = useOverlay.getState().visible
        setOverlay({ visible: false })
      },
      release: () => setOverlay({ visible: wasVisible }),
    },
    {
      id: 'overlay.toggle',
      group: 'overlay',
      keys: ['Shift+h'],
      enabled: hasRun,
      run: () => setOverlay({ visible: !useOverlay.getState().visible }),
    },
    {
      id: 'overlay.blink',
      group: 'overlay',
      keys: ['Alt+h'],
      enabled: hasRun,
      run: () => setOverlay({ blinking: !useOverlay.getState().blinking }),
    },
    {
      id: 'overlay.style',
      group: 'overlay',
      keys: ['o'],
      enabled: hasRun,
      run: () => setOverlay({ style: useOverlay.getState().style === 'fill' ? 'outline' : 'fill' }),
    },
  ]
}
