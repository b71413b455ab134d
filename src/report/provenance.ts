// What is needed to repeat a report: the command, the versions, the scenario with its defaults, and each policy.

import { stringify } from "yaml";
import { type Json, toJson } from "../core/index.ts";
import { html, type Insertable, type Markup } from "./markup.ts";

/** A checkpoint among the policies. */
export interface CheckpointSource {
  readonly path: string;
  readonly agent: string;
  readonly seed: number;
  readonly policySha256: string;
  readonly steps: number;
  readonly episodes: number;
}

/** Where a report comes from. */
export interface Provenance {
  /** As typed. */
  readonly command: string;
  readonly version: string;
  readonly node: string;
  readonly machine: string;
  readonly madeAt: string;
  /** Checked, defaults filled in. */
  readonly scenario: unknown;
  readonly checkpoints: readonly CheckpointSource[];
}

function yamlOf(value: unknown): string {
  const plain: Json = toJson(value);
  return stringify(plain, { lineWidth: 110 });
}

function training({ path, agent, seed, episodes }: CheckpointSource, scenario: string): string {
  return `trimtab train --scenario ${scenario} --agent ${agent} --seed ${seed} --episodes ${episodes} --out ${path}`;
}

/** The section. @param name of the scenario, as the command takes it */
export function repeatSection(from: Provenance, name: string): Markup {
  const { command, version, node, machine, madeAt, scenario, checkpoints } = from;
  const made: Insertable = checkpoints.map(
    (one) => html`<p><code>${one.path}</code>: policy of <code>${one.agent}</code>, ${one.episodes} episodes,
${one.steps} steps, seed ${one.seed}, sha256 <code>${one.policySha256}</code></p><pre>${training(one, name)}</pre>`,
  );
  return html`<section><h2>To repeat this</h2><pre>${command}</pre>
<p class="dim">trimtab ${version}, Node ${node}, ${machine}; made ${madeAt}. Same version, scenario and seeds give the same
figures; only decision times are of this machine.</p>${made}
<details><summary>The scenario, defaults filled in</summary><pre>${yamlOf(scenario)}</pre></details></section>`;
}
