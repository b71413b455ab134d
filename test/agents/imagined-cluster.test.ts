import { imagine } from "../../agents/imagined-cluster.ts";
import { findAgent } from "../../agents/index.ts";
import { application } from "../../environments/application.ts";
import { agentContext, openScenario, simulatedEnvironment } from "../../environments/index.ts";
import type { AgentContext, ArrivalRecord } from "../../src/core/index.ts";
import { simulationGuards } from "../../src/guards/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { createOptimizer } from "../../src/optimizers/index.ts";
import { runEpisode } from "../../src/training/index.ts";

/** What an hour and a half under the optimizer came to, and the arrivals monitoring tells of it. */
async function lived(
  number: number,
): Promise<{ context: AgentContext; arrivals: ArrivalRecord[]; reward: number; usdPerHour: number }> {
  const open = await openScenario(application(number), { dataFolder: null });
  const context = agentContext(open, new SeededRandom(1), 1, createOptimizer("mark"));
  const environment = simulatedEnvironment(open, { random: new SeededRandom(1), episodeS: 91 * open.intervalS });
  const { objective, committedUsdPerHour, budgetUsdPerHour } = open;
  const arrivals: ArrivalRecord[] = [];
  let usd = 0;
  const { totalReward, steps } = await runEpisode(
    environment,
    findAgent("mark").create(context),
    { guards: simulationGuards, objective, mode: "active", committedUsdPerHour, budgetUsdPerHour },
    {
      onStep: (_step, { observation, next: { timeS, metrics } }) => {
        const { durationS } = metrics;
        const { rateRps, recentRatesRps } = metrics.arrivals;
        if (arrivals.length === 0)
          arrivals.push({ ...observation.metrics.arrivals, timeS: observation.timeS, durationS });
        arrivals.push({ timeS, durationS, rateRps, recentRatesRps });
        usd += metrics.costUsd;
        return true;
      },
    },
  );
  await environment.close();
  return { context, arrivals, reward: totalReward / steps, usdPerHour: (60 * usd) / steps };
}

test.each([1, 6, 11])(
  "imagined on the arrivals of application %i, the optimizer earns within 2 %% of what it earned",
  async (number) => {
    const { context, arrivals, reward, usdPerHour } = await lived(number);
    const mark = findAgent("mark").create(context);
    const { initial: configuration } = context;
    const random = new SeededRandom(2);
    const windows = imagine(
      { context, arrivals, factor: 1, slowdown: 0, serviceCv: 0.1, configuration, random },
      mark,
      "agent",
    );
    const mean = (of: (one: (typeof windows)[number]) => number): number =>
      windows.reduce((sum, one) => sum + of(one), 0) / windows.length;
    expect(windows.length).toBe(arrivals.length - 1);
    expect(Math.abs(mean((one) => one.reward) / reward - 1)).toBeLessThan(0.02);
    expect(Math.abs(mean((one) => one.observation.metrics.costUsdPerHour) / usdPerHour - 1)).toBeLessThan(0.03);
  },
);

test("a slowdown makes service slower by its exponential, and a factor arrivals more by itself", async () => {
  const { context, arrivals } = await lived(6);
  const hold = { act: () => ({ configuration: context.initial, reason: "" }) };
  const one = (slowdown: number, factor: number): { serviceMs: number; rateRps: number } => {
    const { initial: configuration } = context;
    const random = new SeededRandom(2);
    const windows = imagine(
      { context, arrivals, factor, slowdown, serviceCv: 0.1, configuration, random },
      hold,
      "agent",
    );
    const sum = (of: (w: (typeof windows)[number]) => number): number =>
      windows.reduce((total, w) => total + of(w), 0) / windows.length;
    return {
      serviceMs: sum((w) => w.observation.metrics.service?.meanMs ?? 0),
      rateRps: sum((w) => w.observation.metrics.arrivals.rateRps),
    };
  };
  const plain = one(0, 1);
  const other = one(Math.log(1.5), 0.5);
  expect(other.serviceMs / plain.serviceMs).toBeCloseTo(1.5, 1);
  expect(other.rateRps / plain.rateRps).toBeCloseTo(0.5, 1);
});
