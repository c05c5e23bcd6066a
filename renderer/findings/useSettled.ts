import { useEffect, useRef, useState } from 'react'

/**
 * A value that changes with every frame, at most once every so many milliseconds: what is costly to draw follows
 * it without holding it up, and is not put off until it rests either.
 */
export function useSettled<T>(value: T, everyMs: number): T {
  const [settled, setSettled] = useState(value)
  const latest = useRef(value)
  const last = useRef(Number.NEGATIVE_INFINITY)
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)

  useEffect(() => {
    latest.current = value
    if (timer.current !== null) return
    const wait = Math.max(0, last.current + everyMs - performance.now())
    timer.current = setTimeout(() => {
      timer.current = null
      last.current = performance.now()
      setSettled(latest.current)
    }, wait)
  }, [value, everyMs])

  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current)
      timer.current = null
    },
    [],
  )
  return settled
}
