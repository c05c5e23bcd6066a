/** Options that take a value, and those that do not; everything else that starts with `-` is Chromium's. */
const WITH_VALUE = new Set(['--data', '--root', '--port'])
const ALONE = new Set(['--open', '--no-open', '--web', '--electron', '--help', '-h'])

/**
 * What is meant for the workstation among the arguments of Electron's process.
 *
 * @param argv whole, as process.argv; with the app's folder second where Electron runs it from there (`defaultApp`)
 */
export function ownArguments(argv: readonly string[], defaultApp: boolean): string[] {
  const rest = argv.slice(1)
  const own: string[] = []
  let appFolderSeen = !defaultApp
  for (let i = 0; i < rest.length; i++) {
    const name = rest[i].split('=')[0]
    if (rest[i] === '--') return [...own, ...rest.slice(i)]
    if (WITH_VALUE.has(name)) own.push(...(rest[i].includes('=') ? [rest[i]] : [rest[i], rest[++i] ?? '']))
    else if (ALONE.has(rest[i])) own.push(rest[i])
    else if (rest[i].startsWith('-')) continue
    else if (!appFolderSeen) appFolderSeen = true
    else own.push(rest[i])
  }
  return own
}
