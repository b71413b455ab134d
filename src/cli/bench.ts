// `trimtab bench`: the measurements behind every figure the documentation quotes.

import type { Command } from "commander";
import { benchEnvironments } from "../../bench/environments.ts";
import { benchOptimizers } from "../../bench/optimizers.ts";
import { benchScaler } from "../../bench/scaler/scaler.ts";
import { benchService } from "../../bench/service.ts";
import { benchSimulator } from "../../bench/simulator.ts";
import { registerBenchAdaptation } from "./bench-adaptation.ts";
import { registerBenchBootstrap } from "./bench-bootstrap.ts";
import { registerBenchChange } from "./bench-change.ts";
import { registerBenchFleet } from "./bench-fleet.ts";
import { registerBenchGateway } from "./bench-gateway.ts";
import { registerBenchLive } from "./bench-live.ts";
import { registerBenchResults } from "./bench-results.ts";
import { registerBenchSearch } from "./bench-search.ts";
import { registerBenchTraining } from "./bench-training.ts";
import { printJson } from "./output.ts";

/** A measurement that needs no options. */
const measurements = [
  { name: "simulator", what: "requests simulated per second, and peak memory", run: async () => benchSimulator() },
  { name: "service", what: "decisions over HTTP beside a bare route, while a training runs", run: benchService },
  {
    name: "environments",
    what: "steps a second of an environment, here and over HTTP, single and as a vector",
    run: benchEnvironments,
  },
  { name: "scaler", what: "KEDA's calls beside a bare echo on the same gRPC library", run: benchScaler },
  { name: "optimizers", what: "the batch model against simulation, and solve times", run: benchOptimizers },
] as const;

/** Adds the commands. */
export function registerBench(program: Command): void {
  const bench = program.command("bench").description("measure; every figure in the documentation comes from here");
  for (const { name, what, run } of measurements) {
    bench
      .command(name)
      .description(what)
      .option("--json", "print one JSON document (the default form)")
      .addHelpText("after", `\nExample:\n  $ trimtab bench ${name} --json\n`)
      .action(async () => printJson(await run()));
  }
  registerBenchResults(bench, program.version() ?? "");
  registerBenchAdaptation(bench);
  registerBenchBootstrap(bench);
  registerBenchFleet(bench);
  registerBenchGateway(bench);
  registerBenchLive(bench);
  registerBenchSearch(bench);
  registerBenchTraining(bench);
  registerBenchChange(bench);
}
