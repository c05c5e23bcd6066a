import { describe, expect, it } from 'vitest'
import { findingsCsv } from '../../../main/exporting/findingsCsv.ts'
import type { Finding } from '../../../main/findings/findings.ts'

const finding: Finding = {
  number: 1,
  volumeMl: 7.812345,
  voxelCount: 1384,
  peakLevel: 99.95,
  meanLevel: 99.91234567,
  peakScore: 12.345678,
  meanScore: -0.5,
  centreMm: [-12.345, 40, 1203.5],
  peakIndex: [3, 4, 5],
  extentIndex: { min: [0, 0, 0], max: [9, 9, 9] },
  extentMm: [7, 7, 25],
  huMean: -612.04,
  huSd: 88.88,
}

const provenance = {
  model: { name: 'small', version: '1.0.0' },
  level: 99.9,
  minVolumeMl: 0.1,
  device: 'cpu',
}

/** RFC 4180, by its grammar: quoted fields may hold commas, line ends and doubled quotes. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  const token = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/y
  while (token.lastIndex < text.length) {
    const match = token.exec(text)
    if (!match) throw new Error('not RFC 4180')
    row.push(match[1].startsWith('"') ? match[1].slice(1, -1).replaceAll('""', '"') : match[1])
    if (match[2] === '\r\n') {
      rows.push(row)
      row = []
    }
  }
  return rows
}

describe('findings.csv', () => {
  it('is one row per finding under a header with units', () => {
    expect(findingsCsv([finding])).toBe(
      'number,volume_ml,peak_level_percentile,peak_rarity,mean_level_percentile,peak_score_neg_log_q,' +
        'mean_score_neg_log_q,centre_left_mm,centre_posterior_mm,centre_superior_mm,extent_x_mm,extent_y_mm,' +
        'extent_z_mm,mean_hu,sd_hu,voxels\r\n' +
        '1,7.8123,99.95,"1 in 2,000 normal voxels",99.912346,12.3457,-0.5,-12.35,40,1203.5,7,7,25,-612,88.9,1384\r\n',
    )
  })

  it('is a header alone where nothing was found', () => {
    expect(parseCsv(findingsCsv([]))).toHaveLength(1)
  })

  it('says on every row what made it, and that it is not for diagnosis', () => {
    const [header, ...rows] = parseCsv(findingsCsv([finding, { ...finding, number: 2 }], provenance))
    expect(header.slice(-6)).toEqual([
      'model',
      'threshold_level_percentile',
      'smallest_volume_ml',
      'device',
      'notice',
      'scan_warnings',
    ])
    expect(rows).toHaveLength(2)
    for (const row of rows) {
      expect(row).toHaveLength(header.length)
      expect(row.slice(-6)).toEqual([
        'small 1.0.0',
        '99.9',
        '0.1',
        'cpu',
        'Research use only - not for diagnosis',
        '',
      ])
    }
  })

  it.each(['=HYPERLINK("http://x")', '+1', '-2+3', '@SUM(A1)', '\t=1', ' =1'])(
    'never lets a spreadsheet run text as a formula: %j',
    (device) => {
      const [, row] = parseCsv(findingsCsv([finding], { ...provenance, device }))
      expect(row.at(-3)).toBe(`'${device}`)
    },
  )

  it('quotes what would break a row', () => {
    const device = 'GPU "A", 2\r\nline'
    const [, row] = parseCsv(findingsCsv([finding], { ...provenance, device }))
    expect(row.at(-3)).toBe(device)
  })

  it('writes numbers without an exponent', () => {
    const text = findingsCsv([{ ...finding, volumeMl: 1e-7, peakScore: 0.0000001 }], {
      ...provenance,
      minVolumeMl: 1e-7,
    })
    expect(text).not.toMatch(/\d[eE][+-]?\d/)
    expect(parseCsv(text)[1].at(-4)).toBe('0.0000001000')
  })

  it('carries what the reader warns of in the scan on every row', () => {
    const warnings = [
      { code: 'input/lossy', message: 'The images went through a lossy compression.' },
      { code: 'input/not-hu', message: 'Air is near −1000 HU, “Müller” 2 × 2\n= Ω.' },
    ]
    const [header, ...rows] = parseCsv(findingsCsv([finding, finding], { ...provenance, warnings }))
    for (const row of rows) {
      expect(row[header.indexOf('scan_warnings')]).toBe(
        'The images went through a lossy compression. Air is near -1000 HU, "Muller" 2 x 2 = ?.',
      )
    }
  })

  it('is plain ASCII, which every spreadsheet reads alike', () => {
    expect(findingsCsv([finding], provenance)).toMatch(/^[\r\n\x20-\x7e]*$/)
  })
})
