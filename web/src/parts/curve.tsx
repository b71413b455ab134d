// The learning curve of a training: reward by episode, the running one at its end.

import type { Training } from "../api.ts";
import { Chart } from "./chart.tsx";
import { wholeTicks } from "./time-ticks.ts";

/** Penalty, so that less is lower: minus the reward. */
function penalties({ progress, status }: Training): readonly number[] {
  if (progress === null) return [];
  const running = status === "running" && progress.step > 0 ? [progress.meanReward] : [];
  return [...progress.curve, ...running].map((reward) => -reward);
}

/** The curve; nothing while there is no step. */
export function LearningCurve({ training }: { training: Training }) {
  const values = penalties(training);
  if (values.length === 0) return <p class="dim">No step is done yet.</p>;
  return (
    <Chart
      title="Penalty a step, by episode (minus the reward; less is better)"
      times={values.map((_, i) => i + 1)}
      lines={[{ label: `seed ${training.seed}`, values, colour: "agent" }]}
      format={(value) => (value === null || value === undefined ? "–" : String(Number(value.toPrecision(3))))}
      fromS={0.5}
      toS={values.length + 0.5}
      height={150}
      withTimes
      xText={String}
      xTicks={wholeTicks}
    />
  );
}
