// What every cluster adapter promises. A bench stands an adapter in front of a cluster, a real one wherever it can run.
//
// A test of an adapter is one call: adapterContract("triton", openBench) in test/clusters/triton.test.ts where it needs
// nothing beside Node, else in test/integration/triton.test.ts. adapter.test.ts finds it by that call.

import { convergenceFault, nextConvergence } from "../../src/control/index.ts";
import {
  ActuationError,
  type ClusterAdapter,
  type ClusterState,
  type Configuration,
  HISTORY_WINDOWS,
  ObservationError,
} from "../../src/core/index.ts";

/** Puts something out of order; what it gives puts it right again. */
export type Sabotage = () => Promise<() => Promise<void>>;

/** An adapter and the cluster behind it, with requests arriving all the time. */
export interface AdapterBench {
  readonly adapter: ClusterAdapter;
  /** A value of every knob that the cluster can be set to, other than the one in force at the start. */
  readonly other: Configuration;
  /** Length of a window worth observing. */
  readonly windowS: number;
  /** Ways for a read to fail, by what is wrong: at least nobody answering, and an answer that lacks something. */
  readonly failedReads: Readonly<Record<string, Sabotage>>;
  /** From then on changes are accepted and have no effect. */
  readonly deafen: Sabotage;
  /** Changes the cluster itself carried out so far; absent where it cannot tell. */
  readonly changes?: () => Promise<number>;
  close(): Promise<void>;
}

/** Parts of the contract an adapter cannot be held to, each with the reason. */
export interface AdapterExceptions {
  readonly failedReads?: string;
  readonly deafen?: string;
}

/** A knob's measured delay may be this much longer than stated: what is stated is a mean, and a machine may be busy. */
const DELAY_FACTOR = 3;
const DELAY_GRACE_S = 30;

/** From then on a change that is on its way counts as lost whatever its delay. */
const LONGEST_WAIT_S = 1000;

/** Windows after which something accepted must be in force at the latest, on top of its delay. */
const WINDOWS_TO_ARRIVE = 3;

function holds(state: ClusterState, wanted: Configuration): boolean {
  return Object.entries(wanted).every(([name, value]) => state.configuration[name] === value);
}

async function observeAfter({ adapter, windowS }: AdapterBench, seconds = windowS): Promise<ClusterState> {
  await adapter.advance(seconds);
  return adapter.observe();
}

/** Applies, and waits until it is in force. @returns the state it was first seen in, and after how long */
async function settle(bench: AdapterBench, wanted: Configuration, withinS: number) {
  const before = await observeAfter(bench);
  await bench.adapter.apply({ ...before.configuration, ...wanted });
  for (;;) {
    const state = await observeAfter(bench);
    const delayS = state.timeS - before.timeS;
    if (holds(state, wanted) && state.inFlight === null) return { state, delayS };
    if (delayS > withinS) {
      throw new Error(`expected ${JSON.stringify(wanted)} in force within ${withinS} s, found it missing`);
    }
  }
}

/** Runs the contract. @param open makes a fresh bench, in the state it always starts in */
export function adapterContract(
  name: string,
  open: () => Promise<AdapterBench>,
  exceptions: AdapterExceptions = {},
): void {
  const unless = (reason: string | undefined) => (reason === undefined ? test : () => undefined);

  describe(`adapter ${name}`, () => {
    let bench: AdapterBench;
    let withinS: number;
    beforeEach(async () => {
      bench = await open();
      const delays = bench.adapter.knobs.map((knob) => knob.actuationDelayS);
      withinS = DELAY_FACTOR * Math.max(...delays) + DELAY_GRACE_S + WINDOWS_TO_ARRIVE * bench.windowS;
    });
    afterEach(() => bench.close());

    test("tells a window that can be true: time, arrivals, latency, a configuration of its own knobs", async () => {
      const first = await observeAfter(bench);
      const state = await observeAfter(bench);
      expect(state.timeS).toBeGreaterThan(first.timeS);
      expect(state.metrics.requests).toBeGreaterThan(0);
      expect(state.metrics.arrivals.rateRps).toBeCloseTo(state.metrics.requests / state.metrics.durationS, 6);
      expect(state.metrics.latency?.objectiveMs).toBeGreaterThan(0);
      expect(state.metrics.latency?.p50Ms).toBeLessThanOrEqual(state.metrics.latency?.p99Ms ?? 0);
      expect(state.metrics.costUsdPerHour).toBeGreaterThanOrEqual(0);
      for (const knob of bench.adapter.knobs) expect(knob.values).toContain(state.configuration[knob.name]);
    });

    test("keeps a bounded history that ends with the window it tells", async () => {
      await observeAfter(bench);
      const { history, timeS, metrics } = await observeAfter(bench);
      expect(history.length).toBeGreaterThanOrEqual(2);
      expect(history.length).toBeLessThanOrEqual(HISTORY_WINDOWS);
      expect(history.at(-1)).toMatchObject({ timeS, arrivalRateRps: metrics.arrivals.rateRps });
      history.slice(1).forEach((window, i) => {
        expect(window.timeS).toBeGreaterThan(history[i]?.timeS ?? Number.POSITIVE_INFINITY);
      });
    });

    test("every knob comes into force alone, and its actuation delay is measured", async () => {
      const initial = (await observeAfter(bench)).configuration;
      for (const knob of bench.adapter.knobs) {
        const value = bench.other[knob.name] ?? "";
        expect(knob.values).toContain(value);
        const { state, delayS } = await settle(bench, { [knob.name]: value }, withinS);
        // The window it is seen at the end of is not its delay.
        const longestS = DELAY_FACTOR * knob.actuationDelayS + DELAY_GRACE_S + 2 * bench.windowS;
        expect({ knob: knob.name, late: delayS > longestS, delayS }).toMatchObject({ late: false });
        const others = Object.entries(initial).filter(([other]) => other !== knob.name);
        expect(others.filter(([other, before]) => state.configuration[other] !== before)).toEqual([]);
        await settle(bench, initial, withinS);
      }
    });

    test("applying what is in force changes nothing", async () => {
      const { state } = await settle(bench, bench.other, withinS);
      const before = await bench.changes?.();
      await bench.adapter.apply(state.configuration);
      await bench.adapter.apply(state.configuration);
      const after = await observeAfter(bench);
      expect(after).toMatchObject({ configuration: state.configuration, inFlight: null });
      expect(await bench.changes?.()).toBe(before);
    });

    test("a knob it has not, or a value it does not offer, is refused and changes nothing", async () => {
      const { configuration } = await observeAfter(bench);
      const [knob] = bench.adapter.knobs;
      const wrong: Configuration[] = [{ ...configuration, "no-such-knob": 1 }];
      if (knob !== undefined) wrong.push({ ...bench.other, [knob.name]: "no-such-value" });
      for (const one of wrong) {
        await expect(bench.adapter.apply(one)).rejects.toThrow(ActuationError);
        await expect(bench.adapter.apply(one)).rejects.toMatchObject({ left: "unchanged" });
      }
      expect(await observeAfter(bench)).toMatchObject({ configuration, inFlight: null });
    });

    unless(exceptions.failedReads)("a read that fails or lacks something throws, and the next is whole", async () => {
      const ways = Object.entries(bench.failedReads);
      expect(ways.length).toBeGreaterThanOrEqual(2);
      await observeAfter(bench);
      for (const [what, sabotage] of ways) {
        const mend = await sabotage();
        const outcome = await observeAfter(bench).then(
          () => "told",
          (error: unknown) => (error instanceof ObservationError ? "refused" : `threw ${String(error)}`),
        );
        await mend();
        expect({ what, outcome }).toEqual({ what, outcome: "refused" });
        await observeAfter(bench).catch(() => undefined);
        expect((await observeAfter(bench)).metrics.durationS).toBeGreaterThan(0);
      }
    });

    unless(exceptions.deafen)(
      "what is accepted and never comes into force is not told to be, and noticed",
      async () => {
        const { configuration } = await observeAfter(bench);
        const mend = await bench.deafen();
        try {
          await bench.adapter.apply(bench.other);
        } catch (error) {
          // An adapter that waits for the effect says so itself.
          expect(error).toBeInstanceOf(ActuationError);
          await mend();
          return;
        }
        const delayS = Math.max(...bench.adapter.knobs.map((knob) => knob.actuationDelayS));
        let state = await observeAfter(bench);
        let convergence = nextConvergence(null, configuration, state);
        for (let waitedS = 0; waitedS < delayS + WINDOWS_TO_ARRIVE * bench.windowS; waitedS += bench.windowS) {
          state = await observeAfter(bench);
          expect(state.configuration).toEqual(configuration);
          convergence = nextConvergence(convergence, bench.other, state);
        }
        // What is told to be on its way is given longer than a test can wait: the state stays as it is.
        const later = { ...state, timeS: state.timeS + LONGEST_WAIT_S + 10 * delayS };
        expect(convergenceFault(convergence, later, bench.adapter.knobs)).toMatch(/accepted has (not )?been/);
        await mend();
      },
    );

    test("closing twice is quiet", async () => {
      await bench.adapter.close();
      await expect(bench.adapter.close()).resolves.toBeUndefined();
    });
  });
}
