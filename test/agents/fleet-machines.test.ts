import { fleetKinds, type KindOfMachine } from "../../agents/fleet-kinds.ts";
import { askFor, presentOf } from "../../agents/fleet-machines.ts";
import type { FleetCount } from "../../src/core/index.ts";
import { contextOf } from "./fleet-context.ts";

const OD = "instances.c5.large.onDemand";
const SPOT = "instances.c5.large.spot";

let spot: KindOfMachine;
let onDemand: KindOfMachine;
beforeAll(async () => {
  const [own] = fleetKinds(await contextOf("mmpp"));
  if (own === undefined) throw new Error("expected a kind of machine, found none");
  onDemand = own;
  spot = { ...own, name: SPOT, knob: SPOT, market: "spot", fallbackKnob: OD };
});

function fleet(count: Partial<FleetCount>): { readonly fleet: Record<string, FleetCount> } {
  return { fleet: { "c5.large": { ready: 0, launching: 0, draining: 0, spot: 0, ...count } } };
}

test("machines on demand are asked for as many as are wanted", () => {
  const present = presentOf(fleet({ ready: 4, launching: 2 }), { [OD]: 6 }, onDemand);
  expect(present).toEqual({ ready: 4, booting: 2, readySpot: 0, refused: 0 });
  expect(askFor(onDemand, 9, 1, { [OD]: 6 }, present)).toEqual({ [OD]: 9 });
});

test("a share of the machines stays off the spot market", () => {
  const current = { [OD]: 0, [SPOT]: 0 };
  const present = presentOf(fleet({}), current, spot);
  expect(askFor(spot, 9, 0.75, current, present)).toEqual({ [SPOT]: 7, [OD]: 2 });
});

test("what the spot market refuses is launched on demand, and is still asked of the market", () => {
  const current = { [OD]: 0, [SPOT]: 10 };
  const present = presentOf(fleet({ ready: 6, spot: 6 }), current, spot);
  expect(present).toEqual({ ready: 6, booting: 0, readySpot: 6, refused: 4 });
  expect(askFor(spot, 10, 1, current, present)).toEqual({ [SPOT]: 10, [OD]: 4 });
});

test("on-demand machines that stood in go only as spot machines become ready", () => {
  const current = { [OD]: 4, [SPOT]: 10 };
  const booting = presentOf(fleet({ ready: 10, launching: 4, spot: 10 }), current, spot);
  expect(askFor(spot, 10, 1, current, booting)[OD]).toBe(4);
  const ready = presentOf(fleet({ ready: 14, spot: 10 }), current, spot);
  expect(askFor(spot, 10, 1, current, ready)[OD]).toBe(0);
});
