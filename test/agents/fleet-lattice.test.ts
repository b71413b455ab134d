import { fleetKinds, type KindOfMachine } from "../../agents/fleet-kinds.ts";
import { FleetLattice, type FleetPoint, faded } from "../../agents/fleet-lattice.ts";
import { contextOf, fleetPoint } from "./fleet-context.ts";

const WAITS_MS = [0, 50, 100, 150, 200, 250];

let kind: KindOfMachine;
let lattice: FleetLattice;
beforeAll(async () => {
  const [own] = fleetKinds(await contextOf("mmpp"));
  if (own === undefined) throw new Error("expected a kind of machine, found none");
  kind = own;
  lattice = new FleetLattice([kind], WAITS_MS, false);
});

function point(changes: Partial<FleetPoint> = {}): FleetPoint {
  return fleetPoint({ kind: kind.name, rule: "learnt", ...changes });
}

test("knobs that a rule does not read make no other point of it", () => {
  expect(lattice.point(point({ rule: "mixed", holdS: 30, margin: 50 }))).toEqual(point({ rule: "mixed", holdS: 30 }));
  expect(lattice.point(point({ rule: "static", holdS: 30, margin: 50 }))).toEqual(point({ rule: "static" }));
  expect(lattice.point(point({ spotShare: 0.5 }))).toEqual(point());
});

test("a point of another kind of machine, or another wait, is none", () => {
  expect(lattice.point(point({ kind: "instances.p2.xlarge.onDemand" }))).toBeNull();
  expect(lattice.point(point({ waitMs: 75 }))).toBeNull();
});

test("variants of a machine on demand differ in the wait alone; of a spot machine in its share too", () => {
  expect(lattice.variants(point())).toEqual([point({ waitMs: 200 })]);
  const spot = { ...kind, market: "spot" as const, fallbackKnob: "instances.c5.large.onDemand" };
  const onSpot = new FleetLattice([spot], WAITS_MS, false);
  expect(onSpot.variants(point())).toEqual([
    point({ waitMs: 200 }),
    point({ spotShare: 0.75 }),
    point({ spotShare: 0.5 }),
  ]);
});

test("a residual tells most of its own point, and more of its neighbours than of others", () => {
  const own = new FleetLattice([kind], WAITS_MS, false);
  own.fit([
    { point: point(), value: 0.1, weight: 1 },
    { point: point({ rule: "mixed", waitMs: 0 }), value: -0.1, weight: 1 },
  ]);
  const at = own.residual(point());
  const near = own.residual(point({ waitMs: 200 }));
  const far = own.residual(point({ rule: "static", waitMs: 0 }));
  expect(at).toBeGreaterThan(near);
  expect(near).toBeGreaterThan(far);
  expect(at).toBeLessThan(0.1);
});

test("residuals fade by halves from night to night, and are forgotten", () => {
  let seen = [{ point: point(), value: 0.1, weight: 1 }];
  const weights: number[] = [];
  for (let night = 0; night < 5; night++) {
    seen = faded(seen);
    weights.push(...seen.map(({ weight }) => weight));
  }
  expect(weights).toEqual([0.5, 0.25, 0.125]);
});
