// The methods of the search benchmark by name: careful agents, learners, and searches that are told nothing but measurements.

import { findAgent } from "../../agents/index.ts";
import { agentContext, type OpenScenario } from "../../environments/index.ts";
import { UnknownNameError } from "../core/index.ts";
import { SeededRandom } from "../math/index.ts";
import { createOptimizer } from "../optimizers/index.ts";
import { createSearch, searches } from "../optimizers/search/index.ts";
import type { Searcher } from "./search-run.ts";

/** What a method is told beside the latency and cost of its own windows. */
export type Knowledge = "nothing" | "prior and guards" | "prior, guards and full telemetry";

/** Compared where nobody asks for others. */
export const searchAlgorithms: readonly string[] = [
  "region-sim",
  "region-prior",
  "gp-prior",
  "gp-cei",
  "gp-ucb",
  "tpe",
  "region-q",
  "q-table",
  "quick-search",
  "hill-climb",
  "random",
];

/** What each part of the region agents is worth: one part taken away at a time. */
export const searchAblation: readonly string[] = [
  "region-sim",
  "region-sim:simulation=false",
  "region-sim:serviceLearning=false",
  "region-sim:residual=none",
  "region-sim:residual=gp",
  "region-sim:serviceCanary=false",
  "region-sim:canary=false",
  "region-prior",
  "region-prior:prior=false",
  "region-prior:regions=false",
  "region-prior:trend=false",
  "region-prior:unit=latency",
  "region-prior:canary=false",
  "region-prior:cone=false",
  "gp-prior",
  "gp-prior:unit=slowdown",
];

const careful: Readonly<Record<string, Knowledge>> = {
  "region-sim": "prior, guards and full telemetry",
  "region-prior": "prior and guards",
  "gp-prior": "prior and guards",
};

function baseName(algorithm: string): string {
  return algorithm.split(":")[0] ?? algorithm;
}

/** What a method is told. */
export function knowledgeOf(algorithm: string): Knowledge {
  return careful[baseName(algorithm)] ?? "nothing";
}

/** The method that had the prior and the guards and is not ours: in every table, since only its row is a fair one. */
const ALWAYS = "gp-prior";

/** Names from `all`, `ablation` or a list, and `gp-prior`. @throws {UnknownNameError} for a method there is not */
export function algorithmNames(names: readonly string[]): string[] {
  const listed = names.flatMap((name) =>
    name === "all" ? searchAlgorithms : name === "ablation" ? searchAblation : [name],
  );
  for (const name of listed) {
    const base = baseName(name);
    if (searches.some((search) => search.name === base)) continue;
    try {
      findAgent(name);
    } catch (error) {
      if (!(error instanceof UnknownNameError)) throw error;
      throw new UnknownNameError("algorithm", base, ["all", "ablation", ...searchAlgorithms]);
    }
  }
  return [...new Set([...listed, ALWAYS])];
}

/** A method made for one problem and seed. */
export function createSearcher(algorithm: string, open: OpenScenario, seed: number): Searcher {
  const random = new SeededRandom(seed).split(`searcher ${algorithm}`);
  if (searches.some((search) => search.name === baseName(algorithm))) {
    const { lattice, objective, committedUsdPerHour, catalogue, plan, initial } = open;
    const functionsOnly = catalogue.instances.length === 0 && plan.host === null;
    const cost = functionsOnly ? {} : { cost: committedUsdPerHour };
    return { kind: "search", search: createSearch(algorithm, { lattice, objective, random, initial, ...cost }) };
  }
  const agent = findAgent(algorithm).create(agentContext(open, random, seed, createOptimizer("static")));
  const full = knowledgeOf(algorithm) === "prior, guards and full telemetry";
  return { kind: "agent", agent, telemetry: full ? "full" : "aggregate" };
}
