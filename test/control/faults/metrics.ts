// Faults of the metrics: gone, not numbers, frozen, late, told by a clock that goes back.

import { type ClusterState, ObservationError } from "../../../src/core/index.ts";
import type { FakeCluster } from "../fake-cluster.ts";
import { type Fault, FaultRun, held, type Measured, oneMore } from "./fault.ts";

/** Goes on for this many passes. */
const LASTS = 10;

/** A fault in which no window can be believed: held from the first pass on, and over when the windows are right again. */
async function unseen(folder: string, why: RegExp, break_: (cluster: FakeCluster) => void): Promise<Measured> {
  const run = await FaultRun.trusted(folder);
  const { cluster, harness } = run;
  const before = cluster.configuration;
  harness.optimizer.wanted = oneMore(cluster);
  run.begin();
  break_(cluster);
  const safeAfterS = await run.until((record) => {
    expect(record).toMatchObject({ outcome: "failed", observation: null, applied: before });
    expect(record.reason).toMatch(why);
    return held(record);
  });
  expect(harness.agent.trust).toMatchObject({ trust: "bootstrapping", reason: expect.stringMatching(why) });
  await run.quietFor(LASTS);
  expect(cluster.configuration).toEqual(before);
  cluster.misreport = null;
  const actsAgainS = await run.actsAgain();
  await run.close();
  return { safeAfterS, actsAgainS };
}

function withLatency(state: ClusterState, p99Ms: number): ClusterState {
  const { latency } = state.metrics;
  if (latency === null) return state;
  return { ...state, metrics: { ...state.metrics, latency: { ...latency, p99Ms } } };
}

const gone: Fault = {
  name: "metrics gone",
  does: "holds what runs, with the error on record; the learned policy loses its trust",
  run: (folder) =>
    unseen(folder, /prometheus: expected a series, found none/, (cluster) => {
      cluster.misreport = () => {
        throw new ObservationError("prometheus: expected a series, found none");
      };
    }),
};

const notANumber: Fault = {
  name: "metrics NaN",
  does: "refuses the window, naming the field; holds; the policy loses its trust",
  run: (folder) =>
    unseen(folder, /latency\.p99Ms: expected a number ≥ 0, found NaN/, (cluster) => {
      cluster.misreport = (state) => withLatency(state, Number.NaN);
    }),
};

const stopped: Fault = {
  name: "metrics frozen, clock and all",
  does: "refuses the window; holds; the policy loses its trust",
  run: (folder) =>
    unseen(folder, /frozen metrics/, (cluster) => {
      const { timeS } = cluster;
      cluster.misreport = (state) => ({ ...state, timeS });
    }),
};

/** An agent that was trusted to learn no longer is. */
async function costsTrust(folder: string, break_: (cluster: FakeCluster) => void): Promise<void> {
  const run = await FaultRun.trusted(folder);
  break_(run.cluster);
  await run.until(() => run.harness.agent.trust.trust === "bootstrapping");
  expect(run.harness.agent.trust.reason).toMatch(/frozen metrics|the metrics are \d+ s old/);
  await run.close();
}

/** Metrics that look right at first: changes may be made on them until the loop notices. */
async function noticed(
  folder: string,
  why: RegExp,
  break_: (cluster: FakeCluster) => void,
): Promise<Measured & { readonly writes: number }> {
  await costsTrust(`${folder}/trusted`, break_);
  const run = await FaultRun.open(`${folder}/wanted`);
  const { cluster, harness } = run;
  await harness.passes(20);
  harness.optimizer.wanted = oneMore(cluster);
  const before = cluster.writes.length;
  run.begin();
  break_(cluster);
  const safeAfterS = await run.until((record) => {
    harness.optimizer.wanted = oneMore(cluster);
    return held(record) && why.test(record.reason);
  });
  const writes = cluster.writes.length - before;
  await run.quietFor(LASTS);
  cluster.misreport = null;
  const actsAgainS = await run.actsAgain();
  await run.close();
  return { safeAfterS, actsAgainS, writes };
}

const sameDigits: Fault = {
  name: "metrics frozen, clock going on",
  does: "refuses windows that are the same to the last digit from the third on; holds; the policy loses its trust",
  run: (folder) =>
    noticed(folder, /the same to the last digit 3 times in a row: frozen metrics/, (cluster) => {
      let first: ClusterState["metrics"] | null = null;
      cluster.misreport = (state) => {
        first ??= state.metrics;
        return { ...state, metrics: first };
      };
    }),
};

const late: Fault = {
  name: "metrics stale",
  does: "holds once they are older than three of their windows; the policy loses its trust",
  run: (folder) =>
    noticed(folder, /staleness: the observation is [\d.]+ s old/, (cluster) => {
      const sinceS = cluster.timeS;
      // Of each minute, ten seconds come through.
      cluster.misreport = (state) => {
        const timeS = sinceS + (state.timeS - sinceS) / 6;
        return { ...state, timeS, history: state.history.filter((window) => window.timeS <= timeS) };
      };
    }),
};

const setBack: Fault = {
  name: "clock set back by an hour",
  does: "refuses the first two windows; believes a clock that then goes on, its memory moved along",
  run: async (folder) => {
    const run = await FaultRun.open(folder);
    const { cluster, harness } = run;
    await harness.passes(70);
    harness.optimizer.wanted = oneMore(cluster);
    const before = cluster.configuration;
    run.begin();
    cluster.misreport = (state) => ({ ...state, timeS: state.timeS - 3600 });
    const safeAfterS = await run.until((record) => {
      expect(record).toMatchObject({ outcome: "failed", applied: before });
      expect(record.reason).toMatch(/the clock went back/);
      return held(record);
    });
    run.begin();
    const actsAgainS = await run.until(({ outcome }) => outcome === "applied");
    await run.close();
    return { safeAfterS, actsAgainS };
  },
};

/** In the order of the page. */
export const metricsFaults: readonly Fault[] = [gone, late, notANumber, stopped, sameDigits, setBack];
