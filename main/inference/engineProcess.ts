import { fileURLToPath } from 'node:url'
import { type ChildExit, type ChildHandle, forkChild, type SpawnChild } from '../processes/childProcess.ts'

export type EngineProcess = ChildHandle
export type EngineExit = ChildExit
export type SpawnEngine = SpawnChild

export const ENGINE_ENTRY = fileURLToPath(new URL('./engine.ts', import.meta.url))

/** Starts the engine as a child process of Node. */
export function forkEngine(): EngineProcess {
  return forkChild(ENGINE_ENTRY)
}
