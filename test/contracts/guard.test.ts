// Every registered guard keeps the contract of a guard.

import { changeBudget, changeBudgetSchema, guards, guardsWith, simulationGuards } from "../../src/guards/index.ts";
import { describeFold, describeGuard } from "./guard.ts";

for (const guard of guards) describeGuard(guard);

/** One of each kind of budget; 1000 s after the start of 1970 is inside the night. */
const budgets = [
  { changes: 3, per: "15m" },
  { changes: "30%" },
  { changes: 0, schedule: "0 0 * * *", duration: "1h", reasons: ["saving"] },
].map((budget) => changeBudgetSchema.parse(budget));
for (const budget of budgets) describeGuard(changeBudget([budget]));

describeFold("all guards", guards);
describeFold("all guards and change budgets", guardsWith(budgets));
describeFold("the guards of a simulation", simulationGuards);

test("bounds, then budget, close the registry", () => {
  expect(guards.slice(-2).map((guard) => guard.name)).toEqual(["bounds", "budget"]);
});
