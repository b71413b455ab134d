// The rules of every episode in a simulated scenario: the guards of a simulation, and what the scenario allows.

import type { OpenScenario } from "../../environments/index.ts";
import { type GuardRules, simulationGuards } from "../guards/index.ts";

/** Rules under which a decider acts by itself. */
export function simulationRules({ objective, committedUsdPerHour, budgetUsdPerHour }: OpenScenario): GuardRules {
  return { guards: simulationGuards, objective, mode: "active", committedUsdPerHour, budgetUsdPerHour };
}
