import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { en } from '../../../../renderer/i18n/en/index.ts'

const RENDERER = fileURLToPath(new URL('../../../../renderer', import.meta.url))
const sources = readdirSync(RENDERER, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path) && !path.includes('i18n'))
  .map((path) => ({ path, text: readFileSync(join(RENDERER, path), 'utf8') }))

/** Keys without what i18next adds for the count. */
const known = new Set(Object.keys(en).map((key) => key.replace(/_(zero|one|other)$/, '')))
const beginsOne = (prefix: string) => [...known].some((key) => key.startsWith(prefix))

const found = (pattern: RegExp) =>
  sources.flatMap(({ path, text }) => [...text.matchAll(pattern)].map((match) => ({ path, key: match[1] })))

/** `t('a.b')`, and what comes before the first value of t(`a.${b}`). */
const whole = found(/\bt\(\s*['"]([^'"]+)['"]/g)
const begun = found(/\bt\(\s*`([^`$]+)\$\{/g)
/** Every text in quotes, and every beginning of a template, that may be a key. */
const quoted = new Set(found(/['"]([\w-]+(?:\.[\w-]+)+)['"]/g).map(({ key }) => key))
const templates = [...new Set(found(/`([\w-]+\.(?:[\w-]+\.)*)\$\{/g).map(({ key }) => key))]

describe('the catalogue', () => {
  it('is read together with what is asked of it', () => {
    expect(whole.map(({ key }) => key)).toContain('connection.lost')
    expect(begun.map(({ key }) => key)).toContain('run.stage.')
    expect(templates).toContain('undo.state.')
  })

  it('has every text that the window shows', () => {
    const missing = [
      ...whole.filter(({ key }) => !known.has(key)),
      ...begun.filter(({ key }) => !beginsOne(key)),
    ]
    expect(missing).toEqual([])
  })

  it('has a name for every command', () => {
    const commands = sources.filter(({ text }) => /registerCommands|: Command\b/.test(text))
    const ids = commands.flatMap(({ text }) =>
      [...text.matchAll(/\bid: '([a-z]\w*(?:\.[\w-]+)+)'/g)].map((match) => match[1]),
    )
    expect(ids).toContain('run.start')
    expect(ids.filter((id) => !known.has(`command.${id}`))).toEqual([])
  })

  it('has no text that nothing shows', () => {
    const isUsed = (key: string) => {
      const name = key.replace(/^command\./, '')
      return (
        quoted.has(key) ||
        quoted.has(name) ||
        templates.some((start) => key.startsWith(start) || name.startsWith(start))
      )
    }
    // Templates that begin every command's or group's key say nothing of one.
    for (const every of ['command.', 'group.']) {
      const at = templates.indexOf(every)
      if (at >= 0) templates.splice(at, 1)
    }
    const groups = (key: string) =>
      key.startsWith('group.') && sources.some(({ text }) => text.includes(`'${key.slice(6)}'`))
    expect([...known].filter((key) => !isUsed(key) && !groups(key))).toEqual([])
  })
})
