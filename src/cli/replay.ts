// `trimtab replay`: yesterday of a cluster through another policy, with the controller that runs in production.

import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { isSimulated, openTaskSource } from "../../environments/index.ts";
import { dataFolder } from "../config.ts";
import { changeText } from "../control/index.ts";
import { ConfigError, UnknownNameError } from "../core/index.ts";
import { keptFile } from "../http/index.ts";
import { Catalogue, type ClusterEntry } from "../store/index.ts";
import { findPolicy, type Interval, type Replay, readPasses, replay } from "../training/index.ts";
import { positiveNumber, wholeNumber } from "./options.ts";
import { printJson, printLine, printTable, startProgress } from "./output.ts";

interface ReplayFlags {
  readonly policy: string;
  readonly store: string;
  readonly last: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** Differences printed for people; `--json` has them all. */
const SHOWN = 5;

async function entryOf(cluster: string, store: string): Promise<ClusterEntry> {
  const path = join(store, "catalogue.json");
  await access(path).catch(() => {
    throw new ConfigError(store, [{ path: "store", expected: "the store of a trimtab serve", found: "none" }]);
  });
  const { clusters } = await Catalogue.open(path);
  const entry = clusters.get(cluster);
  if (entry !== null) return entry;
  throw new UnknownNameError(
    "cluster",
    cluster,
    clusters.list().map(({ name }) => name),
  );
}

function within({ estimate, low, high }: Interval, digits: number, factor = 1): string {
  const [middle, from, to] = [estimate, low, high].map((value) => (factor * value).toFixed(digits));
  return `${middle} (${from} to ${to})`;
}

function print({ cluster, policy, decisions, differences, estimate, fromS, toS }: Replay): void {
  const hours = ((toS - fromS) / 3600).toFixed(1);
  printLine(`${cluster} through ${policy}: ${decisions} decisions of ${hours} h, ${differences.length} made otherwise`);
  for (const { id, recorded, replayed, reason } of differences.slice(0, SHOWN)) {
    printLine(`  ${id}: instead of what was decided, ${changeText(recorded, replayed)}; ${reason}`);
  }
  if (estimate === null) {
    printLine("nothing to compare: the model knows none of the choices");
    return;
  }
  const { recorded, advantage, agreedShare, measuredShare, windows } = estimate;
  printTable(
    ["", "recorded", `${policy} (95 %)`],
    [
      ["USD/h", recorded.usdPerHour.toFixed(3), within(estimate.policy.usdPerHour, 3)],
      ["windows over the SLO, %", (100 * recorded.lateShare).toFixed(2), within(estimate.policy.lateShare, 2, 100)],
      ["reward", recorded.reward.toFixed(4), within(estimate.policy.reward, 4)],
    ],
  );
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  printLine(`advantage in reward ${within(advantage, 4)} over ${windows} windows`);
  printLine(
    `chose alike in ${percent(agreedShare)}; ${percent(measuredShare)} rest on what was measured, the others on the model`,
  );
}

async function run(cluster: string, flags: ReplayFlags): Promise<void> {
  const entry = await entryOf(cluster, flags.store);
  const { file, document, folder } = keptFile(entry);
  const source = isSimulated(file) ? { scenario: file.scenario } : { cluster: document, folder };
  const task = await openTaskSource(source, { dataFolder: dataFolder() });
  const passes = await readPasses(join(flags.store, "clusters", cluster), flags.last);
  const policy = await findPolicy(flags.policy);
  const progress = startProgress("replay");
  let result: Replay;
  try {
    result = await replay({
      cluster,
      task,
      passes,
      policy,
      optimizer: entry.optimizer,
      budgetUsdPerHour: entry.budgetUsdPerHour ?? task.budgetUsdPerHour,
      changeBudgets: file.changes.budgets,
      seed: flags.seed,
      nowMicros: () => performance.now() * 1000,
      onPass: (share) => progress.update(share, flags.policy),
    });
  } finally {
    progress.stop();
  }
  if (flags.json === true) printJson(result);
  else print(result);
}

/** Adds the command. */
export function registerReplay(program: Command): void {
  program
    .command("replay")
    .description("what another policy would have decided on recorded windows, and what that would have been worth")
    .argument("<cluster>", "name of a cluster of the store; its service may go on running")
    .requiredOption("--policy <name|checkpoint>", "a rule, an agent, or a checkpoint file")
    .option("--store <dir>", "store of the service", "checkpoints")
    .option("--last <s>", "how far back from the latest record, in seconds of cluster time", positiveNumber, 86_400)
    .option("--seed <n>", "fixes the bootstrap", wholeNumber(0), 1)
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ trimtab replay default --policy mixed --last 86400\n")
    .action(run);
}
