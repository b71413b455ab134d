// Static: one configuration whatever comes; the rules every other method must beat.
//
// static:            initial
// static-functions:  initial, with functions for what would be late
// static-best:       `servers` of one kind, with or without functions; the best of its sweep is
//                    the best fixed configuration in hindsight, which nobody knows beforehand
// Source: C. Zhang et al., "MArk", USENIX ATC 2019 (static provisioning); fleet-switching.md (static + functions).

import type { Configuration, Solution, TuningProblem } from "../core/index.ts";
import { defineOptimizer, offered } from "./entry.ts";
import { roundUp, serverOptions, sizedOptions } from "./fleet.ts";
import { lateCover, noCover } from "./offload.ts";
import { chooseOption } from "./one-pool.ts";
import { settle } from "./solution.ts";

export const staticConfiguration = defineOptimizer({
  name: "static",
  summary: "the scenario's initial configuration for ever",
  settings: {},
  solve: (problem) =>
    settle(problem, problem.initial, "static: the scenario's initial configuration, whatever the load"),
});

export const staticFunctions = defineOptimizer({
  name: "static-functions",
  summary: "the scenario's initial machines for ever, with functions for what would be late",
  settings: { deadlineShare: 0.96 },
  bounds: { deadlineShare: [0.1, 1] },
  solve(problem, { deadlineShare }) {
    const cover = lateCover(problem, problem.initial, deadlineShare);
    const text = `static-functions: the scenario's initial machines${cover.note}`;
    return settle(problem, { ...problem.initial, ...cover.set }, text);
  },
});

const bestDefaults = { servers: 10, functions: false, type: "", spot: false };

function solveBest(problem: TuningProblem, settings: typeof bestDefaults): Solution {
  const options = serverOptions(problem);
  const sized = sizedOptions(problem, options, problem.initial);
  const primary = chooseOption(problem, sized, settings.type, settings.spot);
  const none = Object.fromEntries(options.map((option) => [option.knob, option.counts[0] ?? 0]));
  const count = primary === undefined ? 0 : roundUp(primary.counts, settings.servers);
  const machines: Configuration = {
    ...problem.initial,
    ...none,
    ...(primary === undefined ? {} : { [primary.knob]: count }),
  };
  const cover = settings.functions ? lateCover(problem, machines, 0.96) : noCover(problem, "not asked for");
  const text = `static-best: ${count} ${primary?.host ?? "server"} for ever${cover.note}`;
  return settle(problem, { ...machines, ...cover.set }, text);
}

export const staticBest = defineOptimizer({
  name: "static-best",
  summary: "a fixed number of the cheapest servers; sweep it for the best fixed configuration in hindsight",
  settings: bestDefaults,
  bounds: { servers: [0, 10000] },
  sweep: {
    servers: [0, 1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 34, 40, 50, 60],
    functions: [false, true],
    spot: [false, true],
    type: ["", "cheapest"],
  },
  worthTrying: (settings, offer) =>
    offered(settings, offer) && settings.functions === offer.functions && settings.servers <= offer.servers,
  solve: solveBest,
});
