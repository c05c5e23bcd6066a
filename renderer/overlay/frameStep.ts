import { setStep } from '../state/overlay.ts'

let wanted: number | null = null

/** Moves the threshold with the next frame, to the last of the steps asked for until then. */
export function setStepInFrame(step: number): void {
  if (wanted === null)
    requestAnimationFrame(() => {
      const last = wanted!
      wanted = null
      setStep(last)
    })
  wanted = step
}
