// How a report looks: on a screen, light or dark, and on paper.

/** The style sheet. */
export const style = `
:root { color-scheme: light dark; --ink: #1b2126; --dim: #5c6770; --rule: #dfe4e8; --paper: #fff; --panel: #f6f8f9;
  --good: #0b7a55; --bad: #b3261e; --h0: #2563ae; --h1: #c2570c; --h2: #0f7f6b; --h3: #9a3fa0; --h4: #8a6d00; --h5: #c0335d;
  --h6: #4b5fc9; --h7: #5d6b3a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8eb; --dim: #9aa6af; --rule: #333c43; --paper: #14181b;
  --panel: #1b2125; --good: #4cc38a; --bad: #ff8a80; --h0: #6ea8f0; --h1: #f0975a; --h2: #4fc4ad; --h3: #d18ad6; --h4: #d3b44a;
  --h5: #f08bab; --h6: #98a6ff; --h7: #b0c088; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; letter-spacing: -.01em; } h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem; }
h3 { font-size: .95rem; font-weight: 600; margin: 1.25rem 0 0; }
p { margin: .4rem 0; max-width: 46rem; } .dim { color: var(--dim); } .lead { font-size: 1.05rem; margin: 1rem 0; }
pre, code { font: 13px/1.5 ui-monospace, monospace; } pre { background: var(--panel); border: 1px solid var(--rule);
  border-radius: 6px; padding: .75rem 1rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; margin: .75rem 0; font-size: 14px; }
th, td { text-align: right; padding: .4rem .6rem; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th { color: var(--dim); font-weight: 500; } th:first-child, td:first-child { text-align: left; min-width: 8.5rem; white-space: normal; overflow-wrap: anywhere; }
.good { color: var(--good); } .bad { color: var(--bad); }
.chart { width: 100%; height: auto; margin: .25rem 0; font-size: 11.5px; } .chart text { fill: var(--dim); }
.axis line { stroke: var(--rule); } .chart .label { fill: var(--ink); }
.line { fill: none; stroke: var(--hue); stroke-width: 1.6; stroke-linejoin: round; }
.limit line, .limit path { stroke: var(--bad); stroke-dasharray: 4 3; } .chart .limit text { fill: var(--bad); }
.bound line { stroke: var(--dim); stroke-dasharray: 1 3; } .whisker { stroke: var(--hue); stroke-width: 2; }
circle.met { fill: var(--hue); stroke: var(--hue); } circle.missed { fill: var(--paper); stroke: var(--hue); stroke-width: 2; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; font-size: 13px; max-width: none; }
.swatch { display: inline-block; width: .8em; height: .8em; border-radius: 2px; background: var(--hue); margin-right: .4em; }
${Array.from({ length: 8 }, (_, i) => `.h${i} { --hue: var(--h${i}); }`).join(" ")}
@media print { body { max-width: none; padding: 0; } section { break-inside: avoid; } }`;
