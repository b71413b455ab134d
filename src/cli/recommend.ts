// `trimtab recommend`: what a running service would have a cluster run, and why.

import type { Command } from "commander";
import { changeText, configurationText } from "../control/index.ts";
import { recommendationJson } from "../http/index.ts";
import { askService, type ServiceFlags, withService } from "./ask-service.ts";
import { printJson, printLine, printTable } from "./output.ts";

interface RecommendFlags extends ServiceFlags {
  readonly json?: boolean;
}

async function run(cluster: string, flags: RecommendFlags): Promise<void> {
  const answer = recommendationJson.parse(await askService(flags, "GET", cluster, "/recommendation"));
  if (flags.json === true) {
    printJson(answer);
    return;
  }
  const { target, uncappedTarget, explanation, reason, votes, conditions, decision } = answer;
  printLine(`${decision}: ${configurationText(target)}`);
  const cut = changeText(uncappedTarget, target);
  if (cut !== "") printLine(`held back by guards: ${cut}`);
  printLine(explanation?.text ?? reason);
  printTable(
    ["vote", "configuration", "reason"],
    votes.map((vote) => [vote.by, configurationText(vote.configuration), vote.reason]),
  );
  for (const { type, reason: why } of conditions) printLine(`${type}: ${why}`);
}

/** Adds the command. */
export function registerRecommend(program: Command): void {
  withService(program.command("recommend"))
    .description("what a running service would have a cluster run, and why; changes nothing")
    .argument("<cluster>", "name of an attached cluster")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ trimtab recommend default\n")
    .action(run);
}
