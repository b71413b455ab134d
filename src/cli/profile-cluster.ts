// `trimtab profile --cluster`: measures the points of a cluster file's prior on the running cluster.

import { readFile, writeFile } from "node:fs/promises";
import { parseDocument } from "yaml";
import {
  isSimulated,
  type LoadedCluster,
  loadCluster,
  openAdapter,
  openCluster,
  openLease,
  type Reach,
} from "../../environments/index.ts";
import { systemClock } from "../clusters/index.ts";
import { dataFolder, secret } from "../config.ts";
import {
  configurationText,
  fileLease,
  leaseFolder,
  type MeasuredPoint,
  measurePoints,
  type ProfileStep,
} from "../control/index.ts";
import { ConfigError, StateError } from "../core/index.ts";
import { printJson, printLine, printTable } from "./output.ts";
import { stopSignal } from "./stop-signal.ts";

/** What the command line says of a run. */
export interface ProfileClusterFlags {
  readonly cluster: string;
  readonly window: number;
  readonly within: number;
  readonly write?: boolean;
  readonly json?: boolean;
}

/** Stands for the prior that is about to be measured, so that the rest of the file can be opened. */
const unmeasured = { points: [{ batch: 1, serviceMs: 1 }], deviceRatios: {} };

/** Puts the points into the file, its comments kept. */
async function writePoints(path: string, points: readonly MeasuredPoint[]): Promise<void> {
  const document = parseDocument(await readFile(path, "utf8"));
  document.setIn(["prior", "points"], document.createNode(points, { flow: true }));
  await writeFile(path, document.toString({ lineWidth: 120 }));
}

async function measure(
  { file, folder, path }: LoadedCluster,
  flags: ProfileClusterFlags,
  onStep: (step: ProfileStep) => void,
): Promise<readonly MeasuredPoint[]> {
  if (isSimulated(file)) {
    const expected = "a cluster that is not simulated: a scenario knows its profiles";
    throw new ConfigError(path, [{ path: "adapter", expected, found: file.adapter }]);
  }
  const stop = new AbortController();
  void stopSignal().then(() => stop.abort());
  const sleep = (ms: number): Promise<void> => systemClock.sleep(ms, stop.signal);
  const reach: Reach = { variable: secret, clock: { ...systemClock, sleep } };
  const task = await openCluster({ ...file, prior: file.prior ?? unmeasured }, folder, path, {
    dataFolder: dataFolder(),
  });
  const lease = (await openLease(file, task, reach)) ?? fileLease(leaseFolder(file.adapter, file.options), "profile");
  const { leads, holder } = await lease.hold();
  if (!leads) throw new StateError(`profile of ${file.name}: expected nobody else to act on it, found ${holder}`);
  const adapter = await openAdapter(file, task, reach);
  const { usdPerHour = Number.POSITIVE_INFINITY } = file.budget ?? {};
  try {
    return await measurePoints(adapter, {
      windowS: flags.window,
      withinS: flags.within,
      lattice: task.lattice,
      affordable: (configuration) => task.committedUsdPerHour(configuration) <= usdPerHour,
      onStep,
      signal: stop.signal,
    });
  } finally {
    await adapter.close();
    await lease.release();
  }
}

function pointText({ intraOpThreads, tensorParallel, batch, serviceMs }: MeasuredPoint): string {
  const speed = [
    intraOpThreads === undefined ? "" : `${intraOpThreads} threads, `,
    tensorParallel === undefined ? "" : `${tensorParallel} cards, `,
  ].join("");
  return `${speed}batch ${batch}: ${serviceMs} ms`;
}

/** Runs the command. @throws as `openCluster`, `openAdapter` and `measurePoints` */
export async function profileCluster(flags: ProfileClusterFlags): Promise<void> {
  const loaded = await loadCluster(flags.cluster);
  const steps: ProfileStep[] = [];
  const points = await measure(loaded, flags, (step) => {
    steps.push(step);
    process.stderr.write(`${configurationText(step.configuration)}: ${step.fault ?? "measured"}\n`);
  });
  if (points.length === 0) throw new StateError(`profile of ${loaded.file.name}: expected a point, found none`);
  if (flags.write === true) await writePoints(loaded.path, points);
  if (flags.json === true) {
    printJson({ cluster: loaded.file.name, points, steps, written: flags.write === true ? loaded.path : null });
    return;
  }
  printTable(
    ["configuration", "measured"],
    steps.map((step) => [configurationText(step.configuration), step.fault ?? step.points.map(pointText).join("; ")]),
  );
  printLine(flags.write === true ? `written to ${loaded.path}` : `prior: { points: ${JSON.stringify(points)} }`);
}
