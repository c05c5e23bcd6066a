import { isAbsolute } from 'node:path'
import { z } from 'zod'
import type { CallName, CallResult } from '../../../preload/contract.ts'
import type { FileHandle } from '../../../preload/records.ts'
import type { Workstation } from '../../workstation/types.ts'
import { answerCall } from '../handler/answerCall.ts'
import { isOwnUrl } from './address.ts'

/** Of Electron's IpcMainInvokeEvent, what tells who asks. */
export interface IpcEvent {
  sender: unknown
  /** Null once the frame is gone. */
  senderFrame: { url: string; parent: unknown } | null
}

export type IpcHandlers = {
  'workstation:call': (event: IpcEvent, name: unknown, input: unknown) => Promise<CallResult<CallName>>
  'workstation:drop': (event: IpcEvent, paths: unknown) => Promise<FileHandle[]>
}

const Paths = z.array(z.string().refine(isAbsolute)).max(100_000)

/** Whether the window's own page asks: not a frame in it, nor a page that it was led away to. */
export function isTrusted(
  { sender, senderFrame }: IpcEvent,
  isWindow: (sender: unknown) => boolean,
): boolean {
  return isWindow(sender) && senderFrame !== null && senderFrame.parent === null && isOwnUrl(senderFrame.url)
}

/** Every channel that the preload script may use, and who may use it. */
export function ipcHandlers(workstation: Workstation, isWindow: (sender: unknown) => boolean): IpcHandlers {
  const check = (event: IpcEvent) => {
    // Our own page cannot bring this about, so there is nobody to tell it nicely.
    if (!isTrusted(event, isWindow)) throw new Error('Refused: this is not the window of the workstation.')
  }
  return {
    'workstation:call': async (event, name, input) => {
      check(event)
      return await answerCall(workstation, typeof name === 'string' ? name : '', input)
    },
    'workstation:drop': async (event, paths) => {
      check(event)
      return Paths.parse(paths).map((path) => workstation.grantPath(path))
    },
  }
}
