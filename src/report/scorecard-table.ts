// The table of a report: cost, SLO and latency of every policy.

import type { Slo } from "../core/index.ts";
import { countText, msText, percentText, usdText } from "./format.ts";
import { html, type Markup } from "./markup.ts";
import type { PolicyRow } from "./rows.ts";

function rowOf({ name, hue, score, usdPerMillion: { low, high }, runs }: PolicyRow): Markup {
  const hours = Object.entries(score.instanceHours).filter(([, count]) => count > 0);
  const spread = runs.length < 2 ? null : html`<br><span class="dim">${usdText(low)} to ${usdText(high)}</span>`;
  return html`<tr><td><i class="swatch h${hue}"></i>${name}${
    score.settingsTried === undefined
      ? null
      : html`<br><span class="dim">cheapest of ${score.settingsTried} settings</span>`
  }</td><td class="${score.met ? "good" : "bad"}">${score.met ? "met" : `missed in ${score.hoursMissed} h`}</td>
<td>${usdText(score.usd)}</td><td>${usdText(score.usdPerMillion)}${spread}</td>
<td>${score.costToBound?.toFixed(3) ?? "–"}</td>
${score.slo.map(({ attained }) => html`<td>${percentText(attained, 3)}</td>`)}
<td>${msText(score.latencyMs.p50)}</td><td>${msText(score.latencyMs.p99)}</td><td>${percentText(score.offloadedShare)}</td>
<td>${countText(score.dropped)}</td>
<td>${hours.map(([type, count]) => `${countText(count)} h ${type}`).join(", ") || "–"}</td>
<td>${countText(score.decisionMicros.p50)} / ${countText(score.decisionMicros.p99)} µs</td></tr>`;
}

/** The table; costs under "$ per million" with their range over the seeds where there are several. */
export function scorecardTable(rows: readonly PolicyRow[], slos: readonly Slo[]): Markup {
  return html`<div class="wide"><table><thead><tr><th>policy</th><th>SLO in every hour</th><th>cost</th><th>$ per million</th>
<th>× clairvoyant</th>${slos.map(({ latencyMs }) => html`<th>within ${msText(latencyMs)}</th>`)}<th>p50</th><th>p99</th>
<th>offloaded</th><th>dropped</th><th>machines</th><th>decision p50 / p99</th></tr></thead>
<tbody>${rows.map(rowOf)}</tbody></table></div>`;
}
