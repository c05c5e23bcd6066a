import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { seriesAnnouncer } from '../../../main/hosts/cli/infoCommand.ts'
import { reportText } from '../../../main/hosts/cli/infoText.ts'
import type { InputReport, SeriesReport } from '../../../main/imaging/inputReport.ts'
import { describeInput } from '../../../main/imaging/open.ts'
import { GOLDEN } from '../imaging/readerFixtures.ts'

const report = await describeInput(join(GOLDEN, 'dicom/axial'))
const [volume] = report.series as [SeriesReport]
const textOf = (...series: Partial<SeriesReport>[]) =>
  reportText({ ...report, series: series.map((change) => ({ ...volume, ...change })) } satisfies InputReport)

const scout = { kind: 'localizer', canScreen: false, seriesDescription: 'Scout' } as const

describe('the report of an input', () => {
  test('names each patient and study once, with the volumes before what else there is', () => {
    const text = textOf(
      { ...scout, seriesNumber: '1' },
      { seriesNumber: '2' },
      { seriesNumber: '3', studyInstanceUid: '1.2', studyDescription: 'Follow-up', studyDate: '20260304' },
      { ...scout, seriesNumber: '4', imageCount: 2 },
    )
    expect(text.match(/^\S.*study.*$/gm)).toEqual([
      expect.stringMatching(/, study 2026-01-02 Thorax$/),
      expect.stringMatching(/, study 2026-03-04 Follow-up$/),
    ])
    const [first, second] = text.split(/^.*Follow-up$/m) as [string, string]
    expect(first.indexOf('Series 2')).toBeLessThan(first.indexOf('7 × localizer (series 1 Scout, 4 Scout)'))
    expect(second).toContain('Series 3')
    expect(second).not.toContain('Not CT volumes')
  })

  test('gives the id to choose by only where there is a choice', () => {
    expect(textOf({})).not.toContain(volume.id)
    expect(textOf({ id: '1.2#1' }, { id: '1.2#2' })).toMatch(/Id {9}1\.2#1\n[\s\S]*Id {9}1\.2#2\n/)
  })

  test('counts the volumes that can be screened, and says why the others cannot', () => {
    const reason = { code: 'input/truncated', message: 'An image is cut short.' }
    expect(textOf({}).split('\n')[0]).toMatch(/DICOM, 1 CT volume$/)
    expect(textOf({}, { canScreen: false, reason })).toContain('2 CT volumes, 1 can be screened')
    const none = textOf({ canScreen: false, reason, dims: null, spacingMm: null, sliceCount: null })
    expect(none).toContain('1 CT volume, none can be screened')
    expect(none).toContain('Screening  not possible: An image is cut short.')
    expect(none).toMatch(/Images {5}5, 2\.5 mm thick/)
  })

  test('tells of single CT images at length where there is no volume, else in a line', () => {
    const single = { kind: 'ct-images', imageCount: 1, canScreen: false, seriesNumber: '9' } as const
    expect(textOf(single)).toContain('Series 9')
    expect(textOf(single, {})).toContain('1 × CT image, too few for a volume (series 9 Case 1)')
  })

  test.each([
    ['Müller^Jörg', 'Müller, Jörg'],
    ['Yamada^Tarou=山田^太郎', 'Yamada, Tarou'],
    ['=山田^太郎', '山田, 太郎'],
    ['^^^', 'Patient without a name'],
  ])('writes the name %s as %s', (patientName, written) => {
    expect(textOf({ patientName }).split('\n')[2]).toMatch(new RegExp(`^${written} \\(P1\\), study`))
  })

  test('sends nothing to the terminal that moves its cursor or turns its writing', () => {
    const hostile = '\u001b[2J\u009b1m\u202egood\r\n'
    const text = textOf(
      { seriesDescription: hostile, patientName: hostile, manufacturer: hostile, convolutionKernel: hostile },
      { ...scout, seriesDescription: hostile, id: hostile, studyDescription: hostile, studyDate: hostile },
    )
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u)
    expect(text).toContain('good')
  })
})

describe('series are announced while files are looked through', () => {
  const seen = {
    seriesInstanceUid: '1.2',
    modality: 'CT',
    patientName: '',
    studyDate: '',
    seriesNumber: '4',
    seriesDescription: 'Thorax',
    imageCount: 1,
  }

  test('each once, with its number', () => {
    const said: string[] = []
    const announce = seriesAnnouncer((text) => said.push(text), 0)
    announce(seen)
    announce({ ...seen, imageCount: 30 })
    announce({ ...seen, seriesInstanceUid: '1.3', seriesNumber: '', seriesDescription: 'Scout' })
    expect(said).toEqual(['  1. CT series 4 Thorax', '  2. CT Scout'])
  })

  test('not at all where the report comes at once', () => {
    const said: string[] = []
    seriesAnnouncer((text) => said.push(text), 60_000)(seen)
    expect(said).toEqual([])
  })
})
