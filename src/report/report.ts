// The report of an evaluation: one self-contained page, no script and no network, that says everything needed to repeat it.

import type { Slo } from "../core/index.ts";
import type { Bounds, Evaluation, PolicyRun } from "../training/index.ts";
import { latencyChart } from "./ccdf.ts";
import { legend } from "./chart.ts";
import { countText, msText, percentText, usdText } from "./format.ts";
import { type LearningCurve, learningCurves } from "./learning-curve.ts";
import { html, Markup } from "./markup.ts";
import { overTime } from "./over-time.ts";
import { type Provenance, repeatSection } from "./provenance.ts";
import { type PolicyRow, rowsOf } from "./rows.ts";
import { type BoundLine, costScatter } from "./scatter.ts";
import { scorecardTable } from "./scorecard-table.ts";
import { style } from "./style.ts";

/** What a report is made of. */
export interface ReportInput {
  readonly evaluation: Evaluation;
  /** Every run of it. */
  readonly runs: readonly PolicyRun[];
  readonly slos: readonly [Slo, ...Slo[]];
  /** Of the trained policies in it; none is no section. */
  readonly curves: readonly LearningCurve[];
  readonly provenance: Provenance;
}

const boundNames: readonly (readonly [keyof Bounds, string])[] = [
  ["lpUsd", "linear program"],
  ["integerLateUsd", "integer, allowed misses free"],
  ["integerUsd", "integer"],
  ["clairvoyantUsd", "clairvoyant"],
];

function boundLines({ bound, requests }: Evaluation): BoundLine[] {
  return boundNames.flatMap(([key, name]) => {
    const usd = bound[key];
    return typeof usd === "number" ? [{ name, usdPerMillion: (1e6 * usd) / requests }] : [];
  });
}

/** The result in a sentence. */
function verdict(rows: readonly PolicyRow[]): string {
  const passing = rows.filter(({ score }) => score.met).sort((a, b) => a.score.usd - b.score.usd);
  const [best, second] = passing;
  if (best === undefined) return "No policy met its SLO in every hour, so none can be compared on cost.";
  const { name, score } = best;
  const bound = score.costToBound === null ? "" : `, ${score.costToBound.toFixed(3)} times the clairvoyant's cost`;
  const rival =
    second === undefined ? "" : `; next is ${second.name}, ${percentText(second.score.usd / score.usd - 1)} dearer`;
  return `Cheapest of those that met the SLO in every hour: ${name}, ${usdText(score.usdPerMillion)} per million requests${bound}${rival}.`;
}

/** The page. */
export function reportPage({ evaluation, runs, slos, curves, provenance }: ReportInput): string {
  const rows = rowsOf(evaluation, runs);
  const bounds = boundLines(evaluation);
  const wanted = slos.map(({ percentile, latencyMs }) => `${percentText(percentile, 0)} within ${msText(latencyMs)}`);
  const figures = bounds.map(({ name, usdPerMillion }) => `${name} ${usdText(usdPerMillion)}`).join(", ");
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${evaluation.scenario}: evaluation</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>${new Markup(style)}</style></head><body>
<header><h1>${evaluation.scenario}</h1>
<p class="dim">${countText(evaluation.requests)} scored requests; seeds ${evaluation.seeds.join(", ")}; SLO in every hour: ${wanted.join(", ")}</p>
<p class="lead">${verdict(rows)}</p></header><main>
<section><h2>Scorecard</h2>${scorecardTable(rows, slos)}
<p class="dim">Costs compare only between policies that met the SLO in every hour; dropped requests count as late.${
    evaluation.seeds.length > 1 ? " Ranges are over the seeds." : " One seed: no spread is known."
  }</p></section>
<section><h2>Cost against the SLO</h2>${costScatter(rows, bounds)}
<p class="dim">Filled: met the SLO in every hour; hollow: did not. Left is cheaper, lower is safer.${
    figures === "" ? "" : ` Lower bounds in USD per million requests: ${figures}.`
  }${evaluation.bound.note === undefined ? "" : ` ${evaluation.bound.note}.`}</p></section>
<section><h2>Latency</h2>${latencyChart(rows, slos)}${legend(rows)}
<p class="dim">A curve that passes left of and under a cross meets that SLO over the whole evaluation.</p></section>
${overTime(rows, slos[0])}
${curves.length === 0 ? null : html`<section><h2>Learning</h2>${learningCurves(curves)}</section>`}
${repeatSection(provenance, evaluation.scenario)}</main></body></html>
`;
  return page.text;
}
