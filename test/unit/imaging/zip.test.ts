import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { describeInput, openCt } from '../../../main/imaging/open.ts'
import { unpackZip } from '../../../main/imaging/zip/unpack.ts'
import { GOLDEN, refusal, temporaryFolder } from './readerFixtures.ts'
import { type Packed, packZip } from './zipWriter.ts'

function zip(entries: Packed[]): string {
  const path = join(temporaryFolder(), 'study.zip')
  writeFileSync(path, packZip(entries))
  return path
}

const axial = join(GOLDEN, 'dicom/axial')
const slices = (folder = 'CT/'): Packed[] =>
  readdirSync(axial).map((file) => ({ name: folder + file, data: readFileSync(join(axial, file)) }))
const leftOver = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`screener-zip-${process.pid}-`))

describe('a ZIP of a study', () => {
  it('is opened as its folder would be, under the names in the ZIP, and leaves nothing behind', async () => {
    const path = zip(slices('Müller Jörg/CT/'))
    const { volume, source } = await openCt(path)
    expect(volume).toEqual((await openCt(axial)).volume)
    if (source.kind !== 'dicom') throw new Error(source.kind)
    expect(source.path).toBe(path)
    expect(source.images[0]!.file.startsWith(`${path}/Müller Jörg/CT/`)).toBe(true)
    expect(leftOver()).toEqual([])
  })

  it('never uses a name of an entry as a path', async () => {
    const folder = temporaryFolder()
    const names = ['../../escape.dcm', '/etc/escape.dcm', '..\\..\\escape.dcm', 'C:\\x\\..', 'a/\0b', '..']
    const { files } = await unpackZip(zip(names.map((name) => ({ name, data: Buffer.from('x') }))), folder)
    expect(files).toHaveLength(names.length)
    for (const { path } of files) expect(path.slice(folder.length)).toMatch(/^\/\d{5}\/[\w.\- ]+$/)
    const written = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((e) => e.isFile())
    expect(written).toHaveLength(names.length)
  })

  it('leaves links and the notes of macOS aside, and says that ZIPs in it were not opened', async () => {
    const extra: Packed[] = [
      { name: 'link', data: Buffer.from('/etc/passwd'), mode: 0o120777 },
      { name: '__MACOSX/CT/._00.dcm', data: Buffer.from('x') },
      { name: 'more.zip', data: Buffer.from('PK\x03\x04') },
    ]
    const path = zip([...slices(), ...extra])
    expect((await unpackZip(path, temporaryFolder())).files).toHaveLength(slices().length)
    expect((await openCt(path)).warnings.map((w) => w.code)).toEqual(['input/nested-zip'])
  })

  it('names the file whose checksum is wrong: refused by opening, a warning in the description', async () => {
    const entries = slices()
    entries[2]!.crc = 1
    const path = zip(entries)
    const { code, message } = await refusal(openCt(path))
    expect(code).toBe('input/damaged')
    expect(message).toContain('02.dcm')
    const { warnings } = await describeInput(path)
    expect(warnings.map((w) => w.code)).toContain('input/damaged')
    expect(leftOver()).toEqual([])
  })

  it('is refused where an entry gives more than it declares, or far more than a scan could', async () => {
    const liar = slices().map((entry) => ({ ...entry, declaredSize: 10 }))
    expect((await refusal(openCt(zip(liar)))).code).toBe('input/damaged')
    const bomb = [{ name: 'a', data: Buffer.from('x'), declaredSize: 300 * 2 ** 20 }]
    expect((await refusal(openCt(zip(bomb)))).code).toBe('input/zip-too-large')
  })

  it('is refused where it is encrypted, cut short or empty', async () => {
    const locked = slices().map((entry) => ({ ...entry, flags: 1 }))
    expect((await refusal(openCt(zip(locked)))).code).toBe('input/zip-encrypted')
    const path = zip(slices())
    writeFileSync(path, readFileSync(path).subarray(0, 2000))
    expect((await refusal(openCt(path))).code).toBe('input/damaged')
    expect((await refusal(openCt(zip([])))).code).toBe('input/empty-folder')
  })
})
