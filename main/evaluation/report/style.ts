/** Of the report's page. Colours are for light paper; a dark screen has its own, and print is always light. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1b1f24; --faint: #57606a; --rule: #d0d7de; --band: #f6f8fa;
  --model: #0b5cad; --baseline: #8a5a00; --notice: #8c1d18; --notice-paper: #fdf1f0;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --ink: #e6e9ed; --faint: #a2abb6; --rule: #3a424c; --band: #1d2127;
    --model: #6cb2ff; --baseline: #e2b04a; --notice: #ffb4ab; --notice-paper: #3b1a18;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 24px 20px 60px; max-width: 1080px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 8px; }
h2 { font-size: 19px; margin: 40px 0 8px; padding-top: 12px; border-top: 1px solid var(--rule); }
p { max-width: 76ch; margin: 8px 0; }
.faint, caption, figcaption { color: var(--faint); }
.notice {
  max-width: none; margin: 12px 0; padding: 8px 12px; border-left: 4px solid var(--notice);
  background: var(--notice-paper); color: var(--notice); font-weight: 600;
}
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 12px 0; }
dt { color: var(--faint); }
dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: 8px 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: 4px; }
th, td { padding: 4px 12px 4px 0; border-bottom: 1px solid var(--rule); text-align: right; vertical-align: baseline; }
th:first-child { text-align: left; max-width: 48ch; overflow-wrap: break-word; }
thead th { border-bottom: 2px solid var(--rule); font-weight: 600; vertical-align: bottom; }
tbody th { font-weight: 400; }
tbody tr:nth-child(even) { background: var(--band); }
.interval { color: var(--faint); font-size: 13px; white-space: nowrap; }
.bad { color: var(--notice); font-weight: 600; }
.charts { display: flex; flex-wrap: wrap; gap: 24px; }
figure { margin: 12px 0; }
.charts figure { flex: 1 1 340px; max-width: 480px; }
svg.chart { width: 100%; height: auto; }
svg text { font-family: inherit; fill: var(--ink); }
.tick, .key { font-size: 11px; }
.title { font-size: 12px; }
.grid { stroke: var(--rule); stroke-width: 0.6; }
.axis { stroke: var(--faint); fill: none; }
.line { fill: none; stroke-width: 2; }
.line.model { stroke: var(--model); }
.line.baseline { stroke: var(--baseline); stroke-dasharray: 6 3; }
.line.chance { stroke: var(--faint); stroke-width: 1; stroke-dasharray: 2 3; }
.dots.model { fill: var(--model); }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 6px; background: #000; }
.pair svg { display: block; width: 100%; height: auto; background: #000; }
.outline { fill: none; stroke: #4df07c; stroke-width: 1.4; vector-effect: non-scaling-stroke; }
svg text.side { fill: #fff; font-size: 15px; paint-order: stroke; stroke: #000; stroke-width: 3px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 8px 0; padding: 0; list-style: none; }
.swatch { display: inline-block; width: 14px; height: 14px; margin-right: 6px; vertical-align: -2px; border: 1px solid var(--rule); }
@media print {
  body { padding: 0; max-width: none; font-size: 10.5pt; }
  h2 { break-after: avoid; }
  figure, tr { break-inside: avoid; }
  .scroll { overflow: visible; }
  .pair, .swatch, .notice, tbody tr { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`
