// The lifecycle rises slowly and falls at once.

import fc from "fast-check";
import type { PastWindow, Trust } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import {
  drifted,
  firstTrust,
  mayAct,
  nextDrift,
  nextTrust,
  noDrift,
  ResidualBook,
  sloBurn,
  type TrustEvent,
  type TrustState,
  trustFromJson,
  trustJson,
  trustOptions,
} from "../../src/trust/index.ts";

const random = new SeededRandom(1);

function window(i: number, advantage: number | null, fault: string | null = null): TrustEvent {
  const loadLevel = i % 3;
  const timeS = 60 * i;
  return {
    timeS,
    loadLevel,
    evidence: advantage === null ? null : { timeS, loadLevel, advantage, source: "measured" },
    fault,
  };
}

function run(state: TrustState, events: readonly TrustEvent[]): TrustState {
  return events.reduce((current, event) => nextTrust(current, event, random), state);
}

const healthy = (n: number, advantage = 0.1, from = 0): TrustEvent[] =>
  Array.from({ length: n }, (_, i) => window(from + i, advantage));

const trustAfter = (events: readonly TrustEvent[]): Trust => run(firstTrust(0), events).trust;

test("after 20 healthy windows the agent may learn by acting, not before", () => {
  expect(trustAfter(healthy(19))).toBe("bootstrapping");
  expect(trustAfter(healthy(20))).toBe("learning");
});

test("a fault while watching starts the count again", () => {
  expect(trustAfter([...healthy(19), window(19, 0.1, "no metrics"), ...healthy(19)])).toBe("bootstrapping");
});

test("with an advantage beyond doubt over 200 windows the policy serves, and not before", () => {
  expect(trustAfter(healthy(199))).toBe("learning");
  expect(trustAfter(healthy(200))).toBe("serving");
});

test("without an advantage it never serves", () => {
  expect(trustAfter(healthy(600, 0))).toBe("learning");
  expect(trustAfter(healthy(600, -0.1))).toBe("learning");
});

test("any fault takes trust away in the same window", () => {
  const learning = run(firstTrust(0), healthy(50));
  const serving = run(firstTrust(0), healthy(220));
  expect([learning.trust, serving.trust]).toEqual(["learning", "serving"]);
  const fault = window(300, null, "adapter: timeout");
  expect(nextTrust(learning, fault, random)).toMatchObject({ trust: "bootstrapping", reason: "adapter: timeout" });
  expect(nextTrust(serving, fault, random)).toMatchObject({ trust: "suspended", reason: "adapter: timeout" });
});

test("a suspended policy serves again only after 200 new windows of evidence", () => {
  const suspended = nextTrust(run(firstTrust(0), healthy(220)), window(220, null, "drift"), random);
  expect(run(suspended, healthy(199, 0.1, 221)).trust).toBe("suspended");
  expect(run(suspended, healthy(200, 0.1, 221)).trust).toBe("serving");
});

test("a serving policy that has been worse than the optimizer lately is suspended", () => {
  const serving = run(firstTrust(0), healthy(220));
  expect(run(serving, healthy(200, -0.2, 220)).trust).toBe("suspended");
});

test("whatever happens: no serving without a passed test, and never in the window of a fault", () => {
  const events = fc.array(
    fc.record({ advantage: fc.option(fc.double({ min: -1, max: 1, noNaN: true })), faulty: fc.nat(40) }),
    { minLength: 1, maxLength: 400 },
  );
  fc.assert(
    fc.property(events, (list) => {
      let state = firstTrust(0);
      list.forEach(({ advantage, faulty }, i) => {
        const before = state.trust;
        state = nextTrust(state, window(i, advantage, faulty === 0 ? "fault" : null), random);
        if (faulty === 0) expect(["bootstrapping", "suspended"]).toContain(state.trust);
        if (state.trust === "serving" && before !== "serving") expect(state.test?.passed).toBe(true);
        expect(state.evidence.length).toBeLessThanOrEqual(1000);
      });
    }),
    { numRuns: 40, seed: 2 },
  );
});

test("the state survives JSON, and what is not a state is refused by field", () => {
  const state = run(firstTrust(0), healthy(230));
  expect(trustFromJson(JSON.parse(JSON.stringify(trustJson(state))))).toEqual(state);
  expect(() => trustFromJson({ ...state, trust: "blind" })).toThrow(/trust/);
});

test("the operator's mode is the ceiling", () => {
  const levels: readonly Trust[] = ["bootstrapping", "learning", "serving", "suspended"];
  for (const mode of ["off", "shadow", "advisory"] as const) {
    expect(levels.map((trust) => mayAct(mode, trust))).toEqual(["nobody", "nobody", "nobody", "nobody"]);
  }
  for (const mode of ["canary", "active"] as const) {
    expect(levels.map((trust) => mayAct(mode, trust))).toEqual(["optimizer", "agent-if-safe", "policy", "optimizer"]);
  }
  expect(trustOptions.promotion).toMatchObject({ windows: 200, loadLevels: 3, confidence: 0.95 });
});

function past(missRatios: readonly number[]): PastWindow[] {
  return missRatios.map((missRatio, i) => ({
    timeS: 60 * i,
    durationS: 60,
    arrivalRateRps: 100,
    peakRateRps: 100,
    objectiveMs: 100,
    missRatio,
    utilization: 0.5,
    queueLength: 0,
    costUsdPerHour: 1,
    configuration: {},
  }));
}

test("two windows at 15 times the error budget raise the alarm; one does not, nor does trouble that is over", () => {
  const slo = { percentile: 0.99, latencyMs: 100 };
  const quiet = new Array<number>(20).fill(0.005);
  expect(sloBurn(past(quiet), slo)).toBeNull();
  expect(sloBurn(past([...quiet, 0.15]), slo)).toBeNull();
  expect(sloBurn(past([...quiet, 0.15, 0.15]), slo)).toMatch(/SLO burn 15\.0 over 2 windows/);
  expect(sloBurn(past([...quiet, 0.15, 0.15, 0.005]), slo)).toBeNull();
  expect(sloBurn(past(new Array<number>(10).fill(0.065)), slo)).toMatch(/over 10 windows/);
});

test("a doubling of the latency is noticed within ten windows, steady noise and a constant bias are not", () => {
  const noise = (i: number): number => Math.exp(0.05 * Math.sin(i * 12.9898));
  let drift = noDrift;
  for (let i = 0; i < 500; i++) drift = nextDrift(drift, 200 * noise(i), 100);
  expect(drifted(drift)).toBeNull();
  let windows = 0;
  while (drifted(drift) === null && windows < 50) drift = nextDrift(drift, 400 * noise(++windows), 100);
  expect(windows).toBeLessThanOrEqual(10);
  expect(nextDrift(noDrift, null, 100)).toBe(noDrift);
});

test("a choice is worth what the model says, corrected by how wrong it was where it was measured", () => {
  const book = new ResidualBook();
  expect(book.corrected("a", -1)).toBe(-1);
  for (let i = 0; i < 95; i++) book.measured("a", -1, -1.5);
  // All residuals are -0.5, so both the choice's own mean and the mean over all are.
  expect(book.corrected("a", -1)).toBeCloseTo(-1.5, 12);
  expect(book.corrected("b", -1)).toBeCloseTo(-1.5, 12);
  for (let i = 0; i < 95; i++) book.measured("b", -1, -1);
  // b's own residual is 0 and a's -0.5 over 95 windows each; the mean over all counts for 5 and lies between them.
  expect(book.corrected("b", -1)).toBeGreaterThan(-1.05);
  expect(book.corrected("a", -1)).toBeLessThan(-1.45);
  const restored = ResidualBook.restore(JSON.parse(JSON.stringify(book.save())));
  expect(restored.corrected("a", -1)).toBe(book.corrected("a", -1));
  expect(restored.windows("b")).toBe(95);
});
