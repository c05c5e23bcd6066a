import { ftruncateSync, openSync, writevSync } from 'node:fs'
import { parentPort, receiveMessageOnPort } from 'node:worker_threads'
import { recordHead } from './tileRecord.ts'
import { type Begin, FAILURE, type Finished, FREE } from './tileWriter.ts'

/** The thread of a TileWriter: all tiles that have come while it wrote are written, and flushed, at once. */

const port = parentPort!
let file = -1
let at = 0
let to: Begin | undefined

port.on('message', (first: Begin | Finished) => {
  const messages = [first]
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port))
    messages.push(next.message)
  try {
    const finished: Finished[] = []
    for (const message of messages) {
      if ('slot' in message) {
        finished.push(message)
        continue
      }
      // What came before is forgotten.
      finished.length = 0
      begin(message)
    }
    if (to && finished.length > 0) append(to, finished)
  } catch (error) {
    const full = (error as NodeJS.ErrnoException).code === 'ENOSPC'
    if (to) Atomics.store(to.states, to.states.length - 1, full ? FAILURE.full : FAILURE.other)
    port.close()
  }
})
port.postMessage('ready')

function begin(message: Begin): void {
  to = message
  at = message.end
  // Synchronous: a write that has returned outlasts a power cut.
  if (file < 0) file = openSync(message.path, 'rs+')
  ftruncateSync(file, at)
}

function append({ slots, slotBytes, states }: Begin, finished: readonly Finished[]): void {
  const parts = finished.flatMap(({ tile, slot }) => {
    const score = new Uint8Array(slots, slot * slotBytes, slotBytes)
    return [recordHead(tile, score), score]
  })
  const wanted = parts.reduce((sum, { length }) => sum + length, 0)
  if (writevSync(file, parts, at) < wanted)
    throw Object.assign(new Error('A part was written.'), { code: 'ENOSPC' })
  at += wanted
  for (const { slot } of finished) Atomics.store(states, slot, FREE)
}
