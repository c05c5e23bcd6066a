import type { Evaluation } from '../types.ts'
import { frocChart, rocChart } from './curves.ts'
import { colourLegend, type Gallery } from './gallery.ts'
import { escapeHtml } from './markup.ts'
import { STYLE } from './style.ts'
import { calibrationTable, caseTable, failureList, frocTable, kindTable, summaryTable } from './tables.ts'

/** What a page says beside the figures. */
export interface PageWords {
  /** As the model's package has them. */
  intendedUse: string
  provenance: string
  licence: string
  /** Name and version of this program. */
  program: string
  made: Date
}

/**
 * An evaluation as one HTML file that needs nothing else: no network, no script, pictures within it. Reads on light
 * and dark screens and on paper.
 * @param worst pictures of the cases with the lowest AUROC
 */
export function evaluationPage(evaluation: Evaluation, words: PageWords, worst: Gallery): string {
  const { model, notice, kinds, froc, calibration } = evaluation
  const measured = evaluation.cases.filter((result) => result.ok)
  const pictures = worst.toHtml()
  const name = escapeHtml(`${model.name} ${model.version}`)
  const sections = [
    section('Summary', summaryTable(evaluation)),
    section('Curves', curves(evaluation)),
    section('Lesions found', froc ? frocTable(froc, evaluation.minVolumeMl) : ''),
    section('By kind of lesion', kinds ? kindTable(kinds) : ''),
    section('Calibration by region', calibration ? calibrationTable(calibration) : ''),
    section('Cases', measured.length > 0 ? caseTable(measured) : ''),
    section('Cases with the lowest AUROC', pictures && `${colourLegend()}${pictures}`),
    section('Not measured', failureList(evaluation.cases)),
    section('How to read this', reading(evaluation)),
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>Evaluation of ${name}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Evaluation of ${name}</h1>
<p class="notice">${escapeHtml(notice)}.</p>
${provenance(evaluation, words)}
${sections.filter(Boolean).join('\n')}
</body>
</html>
`
}

function provenance({ model, device, seed, level, minVolumeMl }: Evaluation, words: PageWords): string {
  const rows = [
    ['Model', `${model.name} ${model.version}`],
    ['Package hash (SHA-256)', model.hash],
    ['Device', device],
    ['Settings', `seed ${seed}; findings at level ${level} of at least ${minVolumeMl} mL`],
    ['Intended use', words.intendedUse],
    ['Learned from', words.provenance],
    ['Licence', words.licence],
    ['Made', `${words.made.toISOString().slice(0, 16).replace('T', ' ')} UTC with ${words.program}`],
  ].map(([term, text]) => `<dt>${term}</dt><dd>${escapeHtml(text)}</dd>`)
  return `<dl>${rows.join('\n')}</dl>`
}

/** '' where there is nothing in it. */
function section(title: string, content: string): string {
  return content && `<section><h2>${title}</h2>\n${content}</section>`
}

function curves(evaluation: Evaluation): string {
  const { froc } = evaluation
  const roc = rocChart(evaluation)
  if (roc === '' || froc === null) return ''
  return `<div class="charts">
<figure>${roc}<figcaption>ROC of the sampled voxels of all cases put together.</figcaption></figure>
<figure>${frocChart(froc)}<figcaption>FROC of the findings, by anomaly level; dots at the rates of the table below.</figcaption></figure>
</div>`
}

function reading({ samplesPerClass, level, minVolumeMl }: Evaluation): string {
  const samples = samplesPerClass.toLocaleString('en-US')
  return [
    `AUROC: the probability that a voxel inside a lesion scores above another body voxel; 0.5 is chance. Sampled: at most ${samples} voxels of each per scan, the same ones for model and baseline (Screener, arXiv 2502.08321). Pooled: the samples of all scans put together. Ring: against body voxels 6 to 30 mm from a lesion only.`,
    'Baseline: |HU − mean| / standard deviation over the body voxels of the same scan. It needs no model; a model must beat it.',
    'AUPRO: area under the per-region overlap up to a false positive rate of 0.3, divided by 0.3.',
    `Hit: a lesion that a finding at level ${level} of at least ${minVolumeMl} mL touches. The truth marks what its makers looked for: whatever else is unusual counts as false here, and need not be.`,
  ]
    .map((text) => `<p>${escapeHtml(text)}</p>`)
    .join('\n')
}
