import { fileURLToPath } from 'node:url'
import { WorkstationError } from '../errors.ts'
import { createWorkstation } from '../workstation/index.ts'
import { createHandler } from './handler.ts'
import { hasDesktop, openOnDesktop, showInFolder } from './web/desktop.ts'
import { serveWeb } from './web/serve.ts'
import { parseWindowOptions, type WindowOptions } from './windowOptions.ts'

/** The workstation in the local browser. Prints the address to open, in one line, and serves until it is ended. */

const WINDOW_FOLDER = fileURLToPath(new URL('../../dist/renderer', import.meta.url))

async function run({ paths, dataFolder, roots, port, open }: WindowOptions): Promise<void> {
  const desktop = hasDesktop()
  const workstation = await createWorkstation({
    dataFolder,
    roots,
    abilities: {
      host: 'web',
      picker: 'list',
      ...(desktop ? { showInFolder: (path: string) => showInFolder(path) } : {}),
    },
  })
  for (const { message } of workstation.notices) console.error(message)
  const handler = createHandler({ workstation, windowFolder: WINDOW_FOLDER })
  const server = await serveWeb(handler, { port }).catch(async (error) => {
    await workstation.close()
    throw error
  })
  // Before the address is printed: whoever waits for it may end the program at once.
  let ending = false
  const end = async () => {
    // The second time, at once.
    if (ending) process.exit(1)
    ending = true
    const closed = await Promise.allSettled([server.close(), workstation.close()])
    for (const outcome of closed) if (outcome.status === 'rejected') console.error(String(outcome.reason))
    process.exit(closed.every(({ status }) => status === 'fulfilled') ? 0 : 1)
  }
  // SIGHUP: its terminal was closed, or the connection to the computer ended.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
  const address = server.newAddress()
  console.log(`Screener Workstation: ${address}`)
  if (open ?? desktop)
    openOnDesktop(address).catch(() => console.error('No browser could be opened: open the address above.'))
  if (paths.length > 0) workstation.openPaths(paths)
  // A browser forgets the cookie when it is closed, and another one never had it.
  if (process.stdin.isTTY) {
    console.error('Enter prints a new address, for another browser; Ctrl-C ends.')
    process.stdin.on('data', () => console.log(`Screener Workstation: ${server.newAddress()}`))
  }
}

try {
  const options = parseWindowOptions(process.argv.slice(2))
  if (typeof options === 'string') process.stdout.write(options)
  else await run(options)
} catch (error) {
  if (!(error instanceof WorkstationError)) throw error
  console.error(error.message)
  if (error.detail && process.env.SCREENER_DEBUG) console.error(error.detail)
  process.exitCode = error.kind === 'usage' ? 2 : 4
}
