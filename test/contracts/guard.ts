// The contract of a guard and of the fold: idempotent, a reason exactly when changed, always inside bounds and budget.

import fc from "fast-check";
import type { Configuration, Guard, GuardContext, Knob } from "../../src/core/index.ts";
import { applyGuards, bounds } from "../../src/guards/index.ts";
import { knobLattice, sameConfiguration } from "../../src/spaces/index.ts";
import { clusterState } from "../guards/context.ts";

const knobs: readonly Knob[] = [
  {
    name: "small",
    values: [0, 1, 2, 3, 4, 5],
    actuation: "provision",
    actuationDelayS: 120,
    decideEveryS: 60,
  },
  { name: "large", values: [0, 1, 2], actuation: "provision", actuationDelayS: 120, decideEveryS: 60 },
  { name: "batch", values: [1, 2, 4, 8], actuation: "hot", actuationDelayS: 0, decideEveryS: 0 },
  { name: "delayMs", values: [0, 10, 50], actuation: "hot", actuationDelayS: 0, decideEveryS: 30 },
  {
    name: "offloadMs",
    values: [0, 100, Number.POSITIVE_INFINITY],
    actuation: "hot",
    actuationDelayS: 0,
    decideEveryS: 0,
  },
  { name: "variant", values: ["int8", "fp16"], actuation: "reload", actuationDelayS: 5, decideEveryS: 120 },
];

const lattice = knobLattice(
  knobs,
  (c) =>
    !(c["batch"] === 1 && Number(c["delayMs"]) > 0) && !(c["small"] === 0 && c["large"] === 0 && c["offloadMs"] !== 0),
);

const committed = (c: Configuration): number => Number(c["small"]) * 1 + Number(c["large"]) * 3.5;

const within: fc.Arbitrary<Configuration> = fc
  .tuple(...knobs.map((knob) => fc.constantFrom(...knob.values)))
  .map((values) => Object.fromEntries(knobs.map((knob, k) => [knob.name, values[k] ?? 0])));

const allowed = within.filter((c) => lattice.allowed(c));

const wild: fc.Arbitrary<Configuration> = fc.oneof(
  { weight: 3, arbitrary: within },
  {
    weight: 1,
    arbitrary: fc.dictionary(
      fc.constantFrom(...knobs.map((knob) => knob.name), "unknown"),
      fc.oneof(fc.double(), fc.constantFrom("fp16", "nonsense")),
    ),
  },
);

const masks = fc.constantFrom(null, { batch: [2, 4, 8] }, { small: [0, 1, 2, 3] });

/** Any situation a guard may find itself in; the configuration in force may be outside mask and budget. */
export const contexts: fc.Arbitrary<GuardContext> = fc
  .record({
    running: allowed,
    inFlight: fc.option(allowed),
    past: fc.array(allowed, { maxLength: 4 }),
    changed: fc.dictionary(fc.constantFrom(...knobs.map((knob) => knob.name)), fc.integer({ min: 700, max: 1000 })),
    ageS: fc.constantFrom(0, 0, 0, 10, 1000, -5, Number.NaN),
    missRatio: fc.constantFrom(0, 0.005, 0.5, null),
    canary: fc.option(allowed, { freq: 4 }),
    budgetUsdPerHour: fc.constantFrom(null, 0, 2, 5, 12),
    mask: masks,
    launching: fc.constantFrom(0, 0, 2),
    onItsWay: fc.option(allowed, { freq: 3 }),
    changesS: fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 6 }),
    bucketMs: fc.constantFrom(undefined, [60, 90], [50, 250], [100, Number.POSITIVE_INFINITY]),
  })
  .map(
    ({
      launching,
      onItsWay,
      changesS,
      bucketMs,
      running,
      inFlight,
      past,
      changed,
      ageS,
      missRatio,
      canary,
      budgetUsdPerHour,
      mask,
    }) => ({
      nowS: 1000,
      running,
      inFlight,
      lastChangeS: changed,
      changesS: [...changesS].sort((a, b) => a - b),
      observation: clusterState({
        timeS: 1000 - ageS,
        configuration: running,
        past,
        missRatio,
        canary,
        mask,
        onItsWay,
        ...(bucketMs === undefined ? {} : { bucketMs: [bucketMs[0] ?? 0, bucketMs[1] ?? 0] as const }),
        fleet: { small: { ready: 3, launching, draining: 0, spot: 0 } },
      }),
      lattice,
      objective: {
        minimize: "cost" as const,
        slo: [{ percentile: 0.99, latencyMs: 100 }] as const,
        reward: { referenceUsdPerHour: 1, latency: 1, miss: 1, change: 0.1 },
      },
      mode: "active" as const,
      committedUsdPerHour: committed,
      budgetUsdPerHour,
    }),
  );

const proposals = fc.record({
  configuration: wild,
  reason: fc.constant("because"),
  ...{ trial: fc.constantFrom(undefined, { share: 0.125, stages: [{ windowShare: 0.125, abortLatencyRatio: 1.1 }] }) },
});

function inside(configuration: Configuration, context: GuardContext): boolean {
  const { mask } = context.observation;
  const offered =
    mask === null ||
    knobs.every(({ name }) => (mask[name] ?? [configuration[name]]).includes(configuration[name] ?? ""));
  return (
    lattice.contains(configuration) &&
    offered &&
    (context.budgetUsdPerHour === null || committed(configuration) <= context.budgetUsdPerHour)
  );
}

const asProposal = ({
  configuration,
  reason,
  trial,
}: {
  configuration: Configuration;
  reason: string;
  trial: object | undefined;
}) => ({
  configuration,
  reason,
  ...(trial === undefined ? {} : { trial: { share: 0.125, stages: [{ windowShare: 0.125, abortLatencyRatio: 1.1 }] } }),
});

/** Runs the contract over one guard. */
export function describeGuard(guard: Guard): void {
  describe(`guard ${guard.name}`, () => {
    test("folded with bounds and budget it is idempotent, and what comes out is inside both", () => {
      fc.assert(
        fc.property(proposals, contexts, (raw, context) => {
          const once = applyGuards(asProposal(raw), context, [guard]);
          expect(inside(once.proposal.configuration, context)).toBe(true);
          const twice = applyGuards(once.proposal, context, [guard]);
          expect(twice.proposal).toEqual(once.proposal);
          expect(twice.actions).toEqual([]);
        }),
        { numRuns: 80, seed: 7 },
      );
    });

    test("alone, inside the bounds, it gives a reason exactly when it changes something, and does not touch its input", () => {
      fc.assert(
        fc.property(proposals, contexts, (raw, context) => {
          const proposal = bounds.check(asProposal(raw), context).proposal;
          const before = structuredClone(proposal);
          const verdict = guard.check(proposal, context);
          expect(proposal).toEqual(before);
          const changed =
            !sameConfiguration(verdict.proposal.configuration, proposal.configuration) ||
            verdict.proposal.trial !== proposal.trial;
          expect(verdict.reason !== undefined).toBe(changed);
        }),
        { numRuns: 100, seed: 8 },
      );
    });
  });
}

/** Runs the contract over a whole list of guards. */
export function describeFold(name: string, guards: readonly Guard[]): void {
  test(`${name}: any order of the list is idempotent and inside bounds and budget`, () => {
    const orders = fc.shuffledSubarray([...guards], { minLength: guards.length });
    fc.assert(
      fc.property(proposals, contexts, orders, (raw, context, order) => {
        const once = applyGuards(asProposal(raw), context, order);
        expect(inside(once.proposal.configuration, context)).toBe(true);
        const twice = applyGuards(once.proposal, context, order);
        expect(twice.proposal).toEqual(once.proposal);
        expect(twice.actions).toEqual([]);
      }),
      { numRuns: 200, seed: 9 },
    );
  });

  test(`${name}: a list with a guard that throws keeps a configuration inside bounds and budget`, () => {
    const broken: Guard = {
      name: "broken",
      check: () => {
        throw new Error("no data");
      },
    };
    fc.assert(
      fc.property(proposals, contexts, (raw, context) => {
        const { proposal, actions } = applyGuards(asProposal(raw), context, [...guards, broken]);
        expect(inside(proposal.configuration, context)).toBe(true);
        expect(actions.at(-1)).toEqual({
          guard: "broken",
          reason: "failed, the configuration in force is kept: no data",
        });
      }),
      { numRuns: 200, seed: 10 },
    );
  });
}
