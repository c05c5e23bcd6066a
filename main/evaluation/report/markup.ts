/** Text as the content or the attribute of an HTML or SVG element: names of cases and models come from anyone. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

/** A cell of a table: text, or markup made by this report. */
export type Cell = string | { html: string }

/** A table with a caption; the first column is to the left and heads its row, the others are to the right. */
export function htmlTable(
  caption: string,
  header: readonly Cell[],
  rows: readonly (readonly Cell[])[],
): string {
  const cell = (content: Cell) => (typeof content === 'string' ? escapeHtml(content) : content.html)
  const head = header.map((title) => `<th scope="col">${cell(title)}</th>`).join('')
  const body = rows.map(([first, ...rest]) => {
    const cells = rest.map((content) => `<td>${cell(content)}</td>`).join('')
    return `<tr><th scope="row">${cell(first ?? '')}</th>${cells}</tr>`
  })
  return `<div class="scroll"><table><caption>${escapeHtml(caption)}</caption><thead><tr>${head}</tr></thead><tbody>
${body.join('\n')}
</tbody></table></div>`
}
