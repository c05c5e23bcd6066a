import { formatLevel } from '../../findings/level.ts'
import type { MeasuredCase } from '../types.ts'
import { type CasePicture, LEVEL_COLOURS } from './casePicture.ts'
import { escapeHtml } from './markup.ts'

/** Pictures of the cases that a model does worst; the others are let go, so that many cases need no memory. */
export class Gallery {
  readonly #most: number
  #shown: { result: MeasuredCase; picture: CasePicture }[] = []

  constructor(most = 6) {
    this.#most = most
  }

  add(result: MeasuredCase, picture: CasePicture): void {
    this.#shown.push({ result, picture })
    this.#shown.sort((a, b) => a.result.auroc - b.result.auroc)
    this.#shown = this.#shown.slice(0, this.#most)
  }

  /** Lowest AUROC first; '' where there are none. */
  toHtml(): string {
    return this.#shown.map(({ result, picture }, at) => figure(result, picture, `case${at}`)).join('\n')
  }
}

/** What the colours over the CT mean, as a list. */
export function colourLegend(): string {
  const items = LEVEL_COLOURS.map(({ level, colour: [r, g, b] }) => {
    const swatch = `<span class="swatch" style="background: rgb(${r} ${g} ${b})"></span>`
    return `<li>${swatch}level ${level} or above (${formatLevel(level)})</li>`
  })
  return `<p>Lowest AUROC first. Left the CT with the truth, right the anomaly level over it; R and L are the patient's sides, A is the front.</p>
<ul class="legend">${items.join('')}<li><span class="swatch" style="background: #4df07c"></span>outline of the truth</li></ul>`
}

function figure(result: MeasuredCase, picture: CasePicture, id: string): string {
  const { slice, slices, window } = picture
  const name = escapeHtml(result.case)
  const described = `AUROC ${result.auroc.toFixed(3)}, baseline ${result.baselineHuDeviation.auroc.toFixed(3)}; axial slice ${slice} of ${slices} from the feet, where most of the lesion is; window ${window.width}/${window.centre} HU`
  const ct = `<image id="${id}" width="${picture.width}" height="${picture.height}" href="data:image/png;base64,${picture.ct}"/>`
  const level = `<use href="#${id}"/><image width="${picture.width}" height="${picture.height}" href="data:image/png;base64,${picture.level}"/>`
  return `<figure><div class="pair">
${slide(picture, ct, `${name}: CT with the outline of the lesion`)}
${slide(picture, level, `${name}: anomaly level over the CT`)}
</div><figcaption><strong>${name}</strong>. ${described}.</figcaption></figure>`
}

/** A picture in millimetres, so that pixels that are not square look as they are, with the patient's sides. */
function slide({ width, height, pixelMm, outline }: CasePicture, content: string, label: string): string {
  const [w, h] = [width * pixelMm[0], height * pixelMm[1]]
  const unit = w / 400
  const side = (letter: string, x: number, y: number) =>
    `<text class="side" text-anchor="middle" transform="translate(${x} ${y}) scale(${unit})">${letter}</text>`
  return `<svg viewBox="0 0 ${w} ${h}" role="img" aria-label="${label}"><g transform="scale(${pixelMm[0]} ${pixelMm[1]})">
${content}<path class="outline" d="${outline}"/></g>
${side('R', 12 * unit, h / 2)}${side('L', w - 12 * unit, h / 2)}${side('A', w / 2, 18 * unit)}</svg>`
}
