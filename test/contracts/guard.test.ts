// Every registered guard keeps the contract of a guard.

import { guards, simulationGuards } from "../../src/guards/index.ts";
import { describeFold, describeGuard } from "./guard.ts";

for (const guard of guards) describeGuard(guard);

describeFold("all guards", guards);
describeFold("the guards of a simulation", simulationGuards);

test("bounds, then budget, close the registry", () => {
  expect(guards.slice(-2).map((guard) => guard.name)).toEqual(["bounds", "budget"]);
});
