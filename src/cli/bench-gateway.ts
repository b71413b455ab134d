// `trimtab bench gateway-chaos`: does the gateway lose a request, or let one be served twice?

import type { Command } from "commander";
import { benchGatewayChaos } from "../../bench/gateway/chaos.ts";
import { wholeNumber } from "./options.ts";
import { printJson, startProgress } from "./output.ts";

interface ChaosFlags {
  readonly requests: number;
  readonly seed: number;
}

async function chaos({ requests, seed }: ChaosFlags): Promise<void> {
  const progress = startProgress("chaos");
  const onProgress = (share: number, what: string): void => progress.update(share, what);
  printJson(await benchGatewayChaos({ requests, seed, onProgress }).finally(() => progress.stop()));
}

/** Adds the commands. */
export function registerBenchGateway(bench: Command): void {
  bench
    .command("gateway-chaos")
    .description("requests through the gateway while its servers are killed, hung and restarted at random")
    .option("--requests <n>", "requests, each with a number of its own", wholeNumber(1), 1_000_000)
    .option("--seed <n>", "seed of what happens to the servers, and when", wholeNumber(0), 1)
    .option("--json", "print one JSON document (the default form)")
    .addHelpText("after", "\nExample:\n  $ trimtab bench gateway-chaos --requests 50000 --seed 1 --json\n")
    .action((flags: ChaosFlags) => chaos(flags));
}
