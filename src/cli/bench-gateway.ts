// `trimtab bench gateway` and `gateway-chaos`: what the gateway adds, and whether it loses a request or lets one be served twice.

import type { Command } from "commander";
import { benchGatewayChaos } from "../../bench/gateway/chaos.ts";
import { benchGatewayOverhead } from "../../bench/gateway/overhead.ts";
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
    .command("gateway")
    .description("latency the gateway adds and the highest rate it holds, beside HAProxy on the same server and core")
    .option("--rounds <n>", "rounds, each of every way to the server", wholeNumber(1), 10)
    .option("--json", "print one JSON document (the default form)")
    .addHelpText("after", "\nExample:\n  $ scripts/provision.sh proxies && trimtab bench gateway --json\n")
    .action(async ({ rounds }: { readonly rounds: number }) => printJson(await benchGatewayOverhead(rounds)));
  bench
    .command("gateway-chaos")
    .description("requests through the gateway while its servers are killed, hung and restarted at random")
    .option("--requests <n>", "requests, each with a number of its own", wholeNumber(1), 1_000_000)
    .option("--seed <n>", "seed of what happens to the servers, and when", wholeNumber(0), 1)
    .option("--json", "print one JSON document (the default form)")
    .addHelpText("after", "\nExample:\n  $ trimtab bench gateway-chaos --requests 50000 --seed 1 --json\n")
    .action((flags: ChaosFlags) => chaos(flags));
}
