// Reward over episodes, one line a seed.

import { scaleLinear } from "d3-scale";
import { type Axis, HUES, legend, PLOT } from "./chart.ts";
import { lineChart } from "./lines.ts";
import { html, type Markup } from "./markup.ts";

/** What one training with one seed learnt. */
export interface LearningCurve {
  readonly name: string;
  readonly seed: number;
  /** Mean reward a step, by episode. */
  readonly meanRewards: readonly number[];
}

/** The curves, and the spread of the seeds at the last episode all of them have. */
export function learningCurves(curves: readonly LearningCurve[]): Markup {
  const episodes = Math.max(1, ...curves.map(({ meanRewards }) => meanRewards.length));
  const x: Axis = {
    scale: scaleLinear([0, episodes], PLOT.x),
    label: "episode",
    text: String,
    ticks: scaleLinear([0, episodes]).ticks(8).filter(Number.isInteger),
  };
  const costs = curves.map(({ name, seed, meanRewards }, i) => ({
    name: `${name}, seed ${seed}`,
    hue: i % HUES,
    points: meanRewards.map((reward, episode) => ({ x: episode + 1, y: -reward })),
  }));
  const ends = curves.map(({ meanRewards }) => meanRewards.at(-1)).filter((reward) => reward !== undefined);
  const figures = ends.map((reward) => reward.toFixed(3)).join(", ");
  return html`${lineChart(
    x,
    {
      title: "Learning curve",
      label: "penalty a step (minus the reward)",
      text: (value) => String(Number(value.toPrecision(3))),
    },
    costs,
  )}${legend(costs)}<p class="dim">The reward is minus cost over its reference, minus weighted lateness, misses and changes;
less penalty is better. Mean reward a step in the last episode: ${figures}.</p>`;
}
