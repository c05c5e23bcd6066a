/**
 * Works on the items of a source while more of them are still being found, several at a time.
 * @param onItem after each item: how many are done, and how many there are (0 while they are still being found)
 * @throws the first error of the source or the work; an AbortError after the signal
 */
export async function forEachParallel<T>(
  source: AsyncIterable<T> | Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
  { signal, onItem }: { signal?: AbortSignal; onItem?: (done: number, total: number) => void } = {},
): Promise<number> {
  const found: T[] = []
  let complete = false
  let failed = false
  let done = 0
  let taken = 0
  const waiting: (() => void)[] = []
  const wake = () => {
    for (const go of waiting.splice(0)) go()
  }
  const find = async () => {
    try {
      for await (const item of source) {
        if (failed) return
        signal?.throwIfAborted()
        found.push(item)
        wake()
      }
      complete = true
    } catch (error) {
      failed = true
      throw error
    } finally {
      complete = true
      wake()
    }
  }
  const worker = async () => {
    try {
      while (!failed) {
        if (taken < found.length) {
          signal?.throwIfAborted()
          await work(found[taken++]!)
          onItem?.(++done, complete ? found.length : 0)
        } else if (complete) return
        else await new Promise<void>((resolve) => waiting.push(resolve))
      }
    } catch (error) {
      failed = true
      wake()
      throw error
    }
  }
  // Nothing may still be at work when this ends: the caller may remove the files.
  const outcomes = await Promise.allSettled([find(), ...Array.from({ length: limit }, worker)])
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  return found.length
}
