import { fleetKinds, type KindOfMachine } from "../../agents/fleet-kinds.ts";
import { mixedOn } from "../../agents/fleet-watch.ts";
import { portableFleet } from "../../agents/portable-fleet.ts";
import { type AgentContext, ExportError } from "../../src/core/index.ts";
import type { Choice } from "../../src/switching/index.ts";
import { contextOf } from "./fleet-context.ts";

let context: AgentContext;
let kind: KindOfMachine;
beforeAll(async () => {
  context = await contextOf("mmpp");
  const [own] = fleetKinds(context);
  if (own === undefined) throw new Error("expected a kind of machine, found none");
  kind = own;
});

function fixed(reserve = 0): Choice {
  return { rule: "static", count: 12, kind: kind.name, waitS: 0.25, reserve, spotShare: 1 };
}

test("a fixed count leaves as it is, with the host settings it stands on", () => {
  const form = portableFleet(context, [kind], fixed());
  expect(form).toMatchObject({ form: "fleet", knob: kind.knob, rule: { name: "static", count: 12 } });
  expect(form.settings).toMatchObject({ offloadThresholdMs: 250 });
});

test.each([
  { what: "mixed", choice: () => mixedOn(kind), reason: /expected learnt rules or a fixed count, found `mixed`/ },
  { what: "what is kept in reserve", choice: () => fixed(2), reason: /found machines kept in reserve/ },
])("$what is refused with the reason", ({ choice, reason }) => {
  expect(() => portableFleet(context, [kind], choice())).toThrow(ExportError);
  expect(() => portableFleet(context, [kind], choice())).toThrow(reason);
});

test("so are machines of a spot market", () => {
  const spot = { ...kind, market: "spot" as const };
  expect(() => portableFleet(context, [spot], fixed())).toThrow(/expected machines on demand, found spot machines/);
});
