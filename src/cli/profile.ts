// `trimtab profile`: measures running clusters, fits service-time models to measurements, lists the profiles that ship.

import type { Command } from "commander";
import { dataFolder } from "../config.ts";
import { ConfigError } from "../core/index.ts";
import { fitProfile, namedProfiles, readProfile, rowsOfDevice } from "../profiles/index.ts";
import { findDataFile } from "../store/index.ts";
import { positiveNumber } from "./options.ts";
import { printJson, printLine, printTable } from "./output.ts";
import { type ProfileClusterFlags, profileCluster } from "./profile-cluster.ts";

/** What is always there, because it has a default. */
type MeasureFlags = Pick<ProfileClusterFlags, "window" | "within">;

interface FitFlags {
  readonly json?: boolean;
  readonly device?: string;
  readonly mbPerCore?: number;
}

/** AWS Lambda: one vCPU per this much memory. */
const LAMBDA_MB_PER_VCPU = 1769;

function percent(share: number | undefined): string {
  return share === undefined ? "-" : `${(100 * share).toFixed(2)} %`;
}

function parametersText(parameters: Readonly<Record<string, number>>): string {
  const entries = Object.entries(parameters).map(([name, value]) => `${name} ${Number(value.toPrecision(5))}`);
  return entries.join(", ") || "the points themselves";
}

async function fitFile(file: string, flags: FitFlags): Promise<void> {
  const search = await findDataFile(file, { baseFolder: process.cwd(), dataFolder: dataFolder() });
  if (search.path === null) {
    const found = [`none at ${search.places.join(" or ")}`, search.advice].filter((part) => part !== "").join("; ");
    throw new ConfigError(file, [{ path: "file", expected: "a profile in CSV", found }]);
  }
  const rows = await readProfile(search.path, file);
  const devices = flags.device === undefined ? [...new Set(rows.map((row) => row.device))] : [flags.device];
  const results = devices.map((device) => {
    const chosen = rowsOfDevice(rows, device, file);
    const fits = fitProfile(chosen, flags.mbPerCore ?? LAMBDA_MB_PER_VCPU);
    return { device: device === "" ? null : device, points: chosen.length, best: fits[0]?.form ?? null, fits };
  });
  if (flags.json === true) {
    printJson({ file: search.path, devices: results });
    return;
  }
  for (const { device, points, fits } of results) {
    printLine(`${file}${device === null ? "" : `, ${device}`}: ${points} points; error relative to the measured time`);
    printTable(
      ["form", "mean error", "worst", "held out: mean", "worst", "parameters"],
      fits.map(({ form, fitted, heldOut, parameters }) => [
        form,
        percent(fitted.meanAbsRelative),
        percent(fitted.worstAbsRelative),
        percent(heldOut?.meanAbsRelative),
        percent(heldOut?.worstAbsRelative),
        parametersText(parameters),
      ]),
    );
  }
}

type ListFlags = Pick<FitFlags, "json">;

function list(flags: ListFlags): void {
  const items = namedProfiles.map(({ name, source, assumption }) => ({ name, source, assumption }));
  if (flags.json === true) printJson({ items, next: null });
  else
    printTable(
      ["profile", "source", "assumption"],
      items.map((item) => [item.name, item.source, item.assumption]),
    );
}

/** Adds the commands. */
export function registerProfile(program: Command): void {
  const profile = program
    .command("profile")
    .description("service-time models: measure a running cluster, fit measurements, list what ships")
    .option("--cluster <file|name>", "measure the points of its prior on the running cluster; what ran is put back")
    .option("--window <s>", "seconds to measure each configuration for", positiveNumber, 60)
    .option("--within <s>", "seconds the whole may take", positiveNumber, 900)
    .option("--write", "put the points into the cluster file")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ trimtab profile --cluster cluster.yaml --within 600 --write\n")
    .action((flags: Partial<ProfileClusterFlags> & MeasureFlags, command: Command) => {
      const { cluster } = flags;
      if (cluster === undefined) return command.help({ error: true });
      return profileCluster({ ...flags, cluster });
    });
  profile
    .command("fit")
    .description("fit closed forms to measured service times, with the error on held-out points")
    .argument("<csv>", "any of device, cores, intraOpThreads, tensorParallel, memoryMb, batch; and serviceMs")
    .option("--device <name>", "only the rows of this device")
    .option("--mb-per-core <mb>", `memory that buys one core (default ${LAMBDA_MB_PER_VCPU})`, positiveNumber)
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ trimtab profile fit my-model.csv\n")
    // `--json` is taken by the command above, which has it too.
    .action((file: string, _: FitFlags, command: Command) => fitFile(file, command.optsWithGlobals<FitFlags>()));
  profile
    .command("list")
    .description("the profiles that ship, with their sources and assumptions")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ trimtab profile list\n")
    .action((_: ListFlags, command: Command) => list(command.optsWithGlobals<ListFlags>()));
}
