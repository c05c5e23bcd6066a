import { beforeAll, describe, expect, it } from 'vitest'
import { Gallery } from '../../../../main/evaluation/report/gallery.ts'
import { evaluationPage } from '../../../../main/evaluation/report/page.ts'
import type { Evaluation } from '../../../../main/evaluation/types.ts'
import { evaluatedSample } from './sample.ts'

const WORDS = {
  intendedUse: 'Marks what is rare.',
  provenance: 'Two phantoms.',
  licence: 'MIT',
  program: 'Screener Workstation 0.1.0',
  made: new Date(Date.UTC(2026, 10, 23, 9, 5)),
}

let sample: Awaited<ReturnType<typeof evaluatedSample>>
beforeAll(async () => {
  sample = await evaluatedSample()
})

function page(change: Partial<Evaluation> = {}, most?: number): string {
  const worst = new Gallery(most)
  for (const { result, picture } of sample.drawn) worst.add(result, picture)
  return evaluationPage({ ...sample.evaluation, ...change }, WORDS, worst)
}

const headings = (html: string) => [...html.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title)

describe('the page of an evaluation', () => {
  it('says what was measured and that it is not for diagnosis', () => {
    const html = page()
    expect(html).toContain('<h1>Evaluation of small 1.0.0</h1>')
    expect(html).toContain('<p class="notice">Research use only — not for diagnosis.</p>')
    for (const text of [
      'c'.repeat(64),
      'cpu',
      'Marks what is rare.',
      'Two phantoms.',
      '2026-11-23 09:05 UTC',
    ])
      expect(html).toContain(`${text}`)
  })

  it('needs nothing beside it: no script, nothing from elsewhere', () => {
    const html = page()
    expect(html).not.toMatch(/<script|<link|<iframe|@import|url\(/i)
    const sources = [...html.matchAll(/(?:src|href)="(.*?)"/g)].map(([, source]) => source)
    expect(sources.length).toBeGreaterThan(0)
    for (const source of sources) expect(source).toMatch(/^(data:image\/png;base64,|#)/)
  })

  it('shows the figures of summary, curves, findings, calibration and cases', () => {
    const html = page()
    expect(headings(html)).toEqual([
      'Summary',
      'Curves',
      'Lesions found',
      'Calibration by region',
      'Cases',
      'Cases with the lowest AUROC',
      'How to read this',
    ])
    const { mean, pooled, cases } = sample.evaluation
    expect(html).toContain(`<td>${mean!.auroc!.value.toFixed(3)}`)
    expect(html).toContain(`Model, ${pooled!.auroc.value.toFixed(3)}`)
    for (const { case: name } of cases) expect(html).toContain(`<th scope="row">${name}</th>`)
    expect(html.match(/<svg class="chart"/g)).toHaveLength(2)
  })

  it('gives a confidence interval in brackets', () => {
    const auroc = { value: 0.8125, ci: [0.75, 0.875] as [number, number], cases: 3 }
    const mean = { ...sample.evaluation.mean!, auroc }
    expect(page({ mean })).toContain('<td>0.813 <span class="interval">[0.750, 0.875]</span></td>')
  })

  it('shows kinds of lesions where there are any, and marks calibration that is off', () => {
    const estimate = { value: 2.5, ci: null, cases: 2 }
    const kinds = [{ kind: 'nodule <solid>', lesions: 3, hit: 2, auroc: null, baselineHuDeviation: null }]
    const calibration = [
      { region: 'lung', level: 99, voxels: 1000, fraction: 0.025, ratio: estimate },
      { region: 'lung', level: 99.9, voxels: 1000, fraction: 0.0012, ratio: { ...estimate, value: 1.2 } },
    ] as const
    const html = page({ kinds, calibration: [...calibration] })
    expect(html).toContain('<th scope="row">nodule &lt;solid&gt;</th><td>3</td><td>2 of 3</td>')
    expect(html).toContain('<span class="bad">2.5 !</span>')
    expect(html).toContain('<span>1.2</span>')
  })

  it('shows the cases with the lowest AUROC first, no more than asked for', () => {
    const names = (html: string) =>
      [...html.matchAll(/<figcaption><strong>(.*?)<\/strong>/g)].map(([, name]) => name)
    const sorted = sample.drawn.toSorted((a, b) => a.result.auroc - b.result.auroc)
    expect(names(page())).toEqual(sorted.map(({ result }) => result.case))
    expect(names(page({}, 1))).toEqual([sorted[0].result.case])
  })

  it('is shown, too, where no case could be measured', () => {
    const cases = [{ case: '<b>', ok: false, code: 'input/no-cases', error: 'It has "no" scan.' }] as const
    const none = { pooled: null, mean: null, froc: null, calibration: null }
    const html = evaluationPage({ ...sample.evaluation, ...none, cases: [...cases] }, WORDS, new Gallery())
    expect(headings(html)).toEqual(['Not measured', 'How to read this'])
    expect(html).toContain('<strong>&lt;b&gt;</strong>: It has &quot;no&quot; scan.')
  })
})
