/** How the command line writes numbers and tables. */

export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** Columns aligned by spaces; numbers to the right, words to the left. */
export function table(header: string[], rows: string[][]): string {
  const width = header.map((title, c) => Math.max(title.length, ...rows.map((row) => row[c].length)))
  const rightAligned = header.map((_, c) => rows.every((row) => /^[-+\d.,±\s/]*$/.test(row[c])))
  const line = (cells: string[]) =>
    cells
      .map((cell, c) => (rightAligned[c] ? cell.padStart(width[c]) : cell.padEnd(width[c])))
      .join('  ')
      .trimEnd()
  return [line(header), width.map((w) => '─'.repeat(w)).join('  '), ...rows.map(line)].join('\n')
}

/** Text wrapped at words, every line after the first indented. */
export function wrap(text: string, indent = '', width = 100): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line && line.length + 1 + word.length > width - indent.length) {
      lines.push(line)
      line = word
    } else line = line ? `${line} ${word}` : word
  }
  return [...lines, line].join(`\n${indent}`)
}
