import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WorkstationError } from '../../../main/errors.ts'
import { writeNifti } from '../../../main/exporting/nifti.ts'
import { asOutputError } from '../../../main/exporting/outputError.ts'
import { createOutput } from '../../../main/exporting/outputFolder.ts'
import { writeSeg } from '../../../main/exporting/seg.ts'
import { caseSource, SEG_CASES, segRequest } from './segCases.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'output-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const text = (name: string) => readFileSync(join(dir, name), 'utf8')

describe('results', () => {
  it('appear together at commit, under their own names, and nothing else with them', async () => {
    const out = await createOutput(dir)
    writeFileSync(out.path('score.nii.gz'), 'score')
    writeFileSync(out.path('run.json'), 'run')
    expect(readdirSync(dir).filter((name) => !name.startsWith('.'))).toEqual([])
    await out.commit()
    expect(readdirSync(dir).sort()).toEqual(['run.json', 'score.nii.gz'])
    expect([text('score.nii.gz'), text('run.json')]).toEqual(['score', 'run'])
  })

  it('keep their extension while they are temporary, in the folder they will be in', async () => {
    const out = await createOutput(dir)
    expect(out.path('level.nii.gz')).toMatch(/\.nii\.gz$/)
    expect(dirname(out.path('level.nii.gz'))).toBe(dir)
    await out.discard()
  })

  it('replace an earlier run’s only at commit', async () => {
    writeFileSync(join(dir, 'run.json'), 'old')
    const out = await createOutput(dir)
    writeFileSync(out.path('run.json'), 'new')
    expect(text('run.json')).toBe('old')
    await out.commit()
    expect(text('run.json')).toBe('new')
  })

  it('do not stand beside an earlier run’s: what this run does not have is removed', async () => {
    for (const name of ['seg.dcm', 'findings.csv', 'notes.txt']) writeFileSync(join(dir, name), 'old')
    const out = await createOutput(dir)
    writeFileSync(out.path('run.json'), 'new')
    out.path('findings.csv') // asked for, but never written
    out.absent('seg.dcm')
    expect(readdirSync(dir)).toContain('seg.dcm')
    await out.commit()
    expect(readdirSync(dir).sort(), 'and other files stay').toEqual(['notes.txt', 'run.json'])
  })

  it('go into a folder that is made where it is missing', async () => {
    const deep = join(dir, 'a', 'b')
    const out = await createOutput(deep)
    writeFileSync(out.path('run.json'), 'run')
    await out.commit()
    expect(readdirSync(deep)).toEqual(['run.json'])
  })

  it('cannot be put outside the folder or hidden', async () => {
    const out = await createOutput(dir)
    for (const name of ['../run.json', 'a/run.json', '', '.run.json']) {
      expect(() => out.path(name)).toThrow(/plain file name/)
    }
    await out.discard()
  })
})

describe('a discarded run', () => {
  it('leaves an earlier run’s results as they were, and nothing of its own', async () => {
    writeFileSync(join(dir, 'run.json'), 'old')
    const out = await createOutput(dir)
    writeFileSync(out.path('run.json'), 'new')
    writeFileSync(out.path('mask.nii.gz'), 'half')
    out.absent('seg.dcm')
    await out.discard()
    expect(readdirSync(dir)).toEqual(['run.json'])
    expect(text('run.json')).toBe('old')
  })

  it('removes the folders that it made, and no folder that was there', async () => {
    const out = await createOutput(join(dir, 'a', 'b'))
    writeFileSync(out.path('run.json'), 'new')
    await out.discard()
    expect(readdirSync(dir)).toEqual([])
    expect(existsSync(dir)).toBe(true)
  })

  it('keeps a folder that it made but somebody else has put a file in', async () => {
    const out = await createOutput(join(dir, 'a'))
    writeFileSync(join(dir, 'a', 'notes.txt'), 'mine')
    await out.discard()
    expect(readdirSync(join(dir, 'a'))).toEqual(['notes.txt'])
  })

  it('may be discarded again, and takes no more results', async () => {
    const out = await createOutput(dir)
    await out.discard()
    await out.discard()
    expect(() => out.path('run.json')).toThrow(/discarded/)
    expect(() => out.commit()).toThrow(/discarded/)
  })

  it('cannot be discarded once its results are in place, nor while they are being put there', async () => {
    const out = await createOutput(dir)
    writeFileSync(out.path('run.json'), 'new')
    const committing = out.commit()
    await out.discard()
    await committing
    await out.discard()
    expect(text('run.json')).toBe('new')
  })
})

describe('a run that was killed', () => {
  it('leaves no result under its final name, and what it left is cleared a day later', async () => {
    const script = `
      import { writeFileSync } from 'node:fs'
      import { createOutput } from ${JSON.stringify(new URL('../../../main/exporting/outputFolder.ts', import.meta.url).href)}
      const out = await createOutput(${JSON.stringify(dir)})
      writeFileSync(out.path('score.nii.gz'), 'half')
      process.kill(process.pid, 'SIGKILL')`
    spawnSync(process.execPath, ['--input-type=module', '-e', script])
    const left = readdirSync(dir)
    expect(left).toHaveLength(1)
    expect(left[0]).toMatch(/^\.screener-partial-/)

    await (await createOutput(dir)).discard()
    expect(readdirSync(dir), 'it might still be running').toEqual(left)

    const yesterday = Date.now() / 1000 - 25 * 3600
    utimesSync(join(dir, left[0]), yesterday, yesterday)
    await (await createOutput(dir)).discard()
    expect(readdirSync(dir)).toEqual([])
  })
})

describe('a folder that cannot be written', () => {
  it('is said to be one before anything is computed: a file has its name', async () => {
    writeFileSync(join(dir, 'file'), '')
    for (const path of [join(dir, 'file'), join(dir, 'file', 'out')]) {
      await expect(createOutput(path)).rejects.toMatchObject({
        name: 'WorkstationError',
        code: 'output/not-writable',
        message: expect.stringContaining('a file stands where a folder is needed'),
      })
    }
    expect(readdirSync(dir)).toEqual(['file'])
  })

  it.runIf(process.platform === 'linux')('is said to be one where no folder can be made at all', async () => {
    await expect(createOutput('/proc/screener/out')).rejects.toMatchObject({
      code: 'output/not-writable',
      message: expect.stringContaining('there is no such disk or folder'),
    })
  })

  it('names the result that could not be written, not its temporary file', async () => {
    const out = await createOutput(dir)
    mkdirSync(out.path('run.json'))
    await expect(out.write('run.json', '{}')).rejects.toMatchObject({
      code: 'output/not-writable',
      message: `Cannot write to ${join(dir, 'run.json')}: a folder stands where a file is needed.`,
    })
  })

  it('fails the commit with nothing replaced where a folder has a result’s name', async () => {
    writeFileSync(join(dir, 'a.csv'), 'old')
    mkdirSync(join(dir, 'run.json'))
    const out = await createOutput(dir)
    writeFileSync(out.path('a.csv'), 'new')
    writeFileSync(out.path('run.json'), 'new')
    await expect(out.commit()).rejects.toMatchObject({ code: 'output/not-writable' })
    expect(readdirSync(dir).sort()).toEqual(['a.csv', 'run.json'])
    expect(text('a.csv')).toBe('old')
  })

  it.each([
    ['ENOSPC', 'output/disk-full', 'The disk is full'],
    ['EDQUOT', 'output/disk-full', 'The disk is full'],
    ['EACCES', 'output/not-writable', 'may not write there'],
    ['EROFS', 'output/not-writable', 'read-only'],
    ['ENOTDIR', 'output/not-writable', 'a file stands where a folder is needed'],
    ['EIO', 'output/failed', 'failed (EIO)'],
  ])('is told in a sentence: %s', (code, expected, sentence) => {
    const error = asOutputError(Object.assign(new Error(code), { code }), 'D:/out')
    expect(error).toMatchObject({ name: 'WorkstationError', code: expected })
    expect(error.message).toContain(sentence)
    expect(error.message).toContain('D:/out')
  })

  it('is told from a mistake in the program, which stays what it is', () => {
    const mistake = new TypeError('x is not a function')
    expect(asOutputError(mistake, 'out')).toBe(mistake)
    const said = new WorkstationError('output/disk-full', 'Full.')
    expect(asOutputError(said, 'out')).toBe(said)
  })
})

// /dev/full refuses every write with ENOSPC; results reach it through a link, which is what gets removed.
describe.skipIf(!existsSync('/dev/full'))('a full disk (skipped where there is no /dev/full)', () => {
  it('is said to be full, and nothing is left', async () => {
    const request = segRequest(SEG_CASES[0], 0)
    const writers: Record<string, (path: string) => Promise<unknown>> = {
      'level.nii.gz': (path) =>
        writeNifti(path, request.opened.volume, request.mask, caseSource(SEG_CASES[0], 0)),
      'mask.nii': (path) =>
        writeNifti(path, request.opened.volume, request.mask, caseSource(SEG_CASES[0], 0)),
      'seg.dcm': (path) => writeSeg(path, request),
    }
    for (const [name, write] of Object.entries(writers)) {
      const out = await createOutput(join(dir, 'out'))
      const path = out.path(name)
      symlinkSync('/dev/full', path)
      await expect(write(path), name).rejects.toMatchObject({
        name: 'WorkstationError',
        code: 'output/disk-full',
      })
      await out.discard()
      expect(readdirSync(dir), name).toEqual([])
    }
    expect(existsSync('/dev/full')).toBe(true)
  })
})

const small = mountSmallDisk()
describe.skipIf(small === undefined)('a disk of 64 KiB (skipped where none can be mounted)', () => {
  it('fills up half-way: told as full, an earlier result stays, the rest goes', async () => {
    const disk = small!
    try {
      writeFileSync(join(disk, 'run.json'), 'old')
      const out = await createOutput(disk)
      const grid = { ...segRequest(SEG_CASES[0], 0).opened.volume, dims: [64, 64, 32] as const }
      const noise = Float32Array.from({ length: 64 * 64 * 32 }, (_, i) => Math.fround(Math.sin(i * i)))
      await expect(
        writeNifti(out.path('score.nii.gz'), grid, noise, caseSource(SEG_CASES[0], 0)),
      ).rejects.toMatchObject({ code: 'output/disk-full' })
      await out.discard()
      expect(readdirSync(disk)).toEqual(['run.json'])
    } finally {
      spawnSync('umount', [disk])
      rmSync(disk, { recursive: true, force: true })
    }
  })
})

function mountSmallDisk(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
  const disk = mkdtempSync(join(tmpdir(), 'small-disk-'))
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status === 0) return disk
  rmSync(disk, { recursive: true })
  return undefined
}
