// `trimtab bench search`: how many windows each method needs to find the best safe configuration, and what it risks.

import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { Piscina } from "piscina";
import { openScenario } from "../environments/index.ts";
import { ConfigError, UnknownNameError } from "../src/core/index.ts";
import { compiledEntry, packageRoot } from "../src/store/index.ts";
import { type ChangeGroup, type ChangeReport, changeReport } from "../src/training/change-report.ts";
import { algorithmNames } from "../src/training/search-algorithms.ts";
import type { SearchChange } from "../src/training/search-change.ts";
import { type RunGroup, type SearchReport, searchReport } from "../src/training/search-report.ts";
import type { MethodTask, SearchTask, SearchTaskResult } from "../src/training/search-worker.ts";

/** What to run. */
export interface SearchBenchOptions {
  /** Names of sets (folders of bench/problems), of problems in them, folders or files. */
  readonly problems: readonly string[];
  /** `all`, `ablation`, or names with settings. */
  readonly algorithms: readonly string[];
  readonly seeds: readonly number[];
  readonly windows: number;
  readonly dataFolder: string | null;
  /** Where truths and runs are kept, so that a benchmark that was stopped goes on where it was. */
  readonly cacheFolder: string;
  readonly workers: number;
  readonly onProgress: (share: number, what: string) => void;
}

const YAML = /\.ya?ml$/;

function problemsRoot(): string {
  return join(packageRoot(), "bench", "problems");
}

/** Where truths and runs are kept when nobody says: the user's cache folder. */
export function defaultCacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "trimtab", "search");
}

async function filesIn(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch(() => []);
  return files
    .filter((file) => YAML.test(file))
    .sort()
    .map((file) => join(folder, file));
}

/** Sets of problems that ship: the folders of bench/problems. */
export async function problemSets(): Promise<string[]> {
  const entries = await readdir(problemsRoot(), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/**
 * Scenario files of the problems named: a set, a problem of a set, a folder or a file.
 * @throws {UnknownNameError} for a name that is none of these
 * @throws {ConfigError} for a folder without scenario files
 */
export async function problemFiles(names: readonly string[]): Promise<string[]> {
  const sets = await problemSets();
  const shipped = (await Promise.all(sets.map((set) => filesIn(join(problemsRoot(), set))))).flat();
  const found: string[] = [];
  for (const name of names) {
    if (sets.includes(name)) found.push(...(await filesIn(join(problemsRoot(), name))));
    else if (YAML.test(name)) found.push(isAbsolute(name) ? name : resolve(name));
    else {
      const known = shipped.filter((file) => file.endsWith(`/${name}.yaml`));
      const inFolder = known.length > 0 ? known : await filesIn(resolve(name));
      if (inFolder.length === 0 && /[\\/]/.test(name)) {
        throw new ConfigError("problems", [{ path: name, expected: "a folder with scenario files", found: "none" }]);
      }
      if (inFolder.length === 0) throw new UnknownNameError("problem", name, [...sets, "<folder>", "<file>"]);
      found.push(...inFolder);
    }
  }
  return [...new Set(found)];
}

/**
 * Files of the problems named, each of which opens: what is wrong is told here, before anything runs, since an error of
 * a worker arrives without its kind.
 */
async function openableFiles({ problems, dataFolder }: SearchBenchOptions): Promise<string[]> {
  const files = await problemFiles(problems);
  for (const file of files) await openScenario(file, { dataFolder });
  return files;
}

/** Runs tasks in workers; each problem's truth comes first. */
class Bench {
  readonly #options: SearchBenchOptions;
  readonly #pool: Piscina<SearchTask, SearchTaskResult>;
  readonly #steps: number;
  #done = 0;

  /** @param steps tasks that will be run, for the progress */
  constructor(options: SearchBenchOptions, steps: number) {
    this.#options = options;
    this.#steps = steps;
    this.#pool = new Piscina<SearchTask, SearchTaskResult>({
      filename: compiledEntry("src/training/search-worker.ts"),
      maxThreads: options.workers,
      minThreads: 0,
    });
  }

  async run(file: string, run: MethodTask | null): Promise<SearchTaskResult> {
    const { dataFolder, cacheFolder, onProgress } = this.#options;
    const result = await this.#pool.run({ problem: file, dataFolder, cacheFolder, run });
    onProgress(++this.#done / this.#steps, `${result.facts.name} ${run?.algorithm ?? "truth"}`);
    return result;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

/**
 * Runs every method on every problem with every seed; what is kept of an earlier run is not run again.
 * @throws {UnknownNameError} for an unknown problem or algorithm, before anything runs
 * @throws {ConfigError} when a problem does not open, or is more than one batch queue
 */
export async function benchSearch(options: SearchBenchOptions): Promise<SearchReport> {
  const algorithms = algorithmNames(options.algorithms);
  const files = await openableFiles(options);
  const { seeds, windows } = options;
  const bench = new Bench(options, files.length * (algorithms.length + 1));
  try {
    const truths = await Promise.all(files.map((file) => bench.run(file, null)));
    const facts = truths.map((truth) => truth.facts);
    const groups = await Promise.all(
      files.flatMap((file, i) =>
        algorithms.map(async (algorithm): Promise<RunGroup> => {
          const { runs } = await bench.run(file, { algorithm, seeds, windows, change: null });
          return { problem: facts[i]?.name ?? file, algorithm, runs };
        }),
      ),
    );
    return searchReport(groups, facts, seeds, windows);
  } finally {
    await bench.close();
  }
}

/** What to change, beside what to search. */
export interface ChangeBenchOptions extends SearchBenchOptions {
  readonly changes: readonly SearchChange[];
  /** Windows after the change; `windows` are those before it. */
  readonly windowsAfter: number;
}

/**
 * Runs methods on problems that change once they were searched for a while.
 * @throws {UnknownNameError} for an unknown problem or algorithm
 * @throws {ConfigError} when a problem does not open, or cannot change so
 */
export async function benchChanges(options: ChangeBenchOptions): Promise<ChangeReport> {
  const algorithms = algorithmNames(options.algorithms);
  const files = await openableFiles(options);
  const { seeds, windows, windowsAfter, changes } = options;
  const bench = new Bench(options, files.length * algorithms.length * changes.length);
  try {
    const groups = await Promise.all(
      changes.flatMap((name) =>
        files.flatMap((file) =>
          algorithms.map(async (algorithm): Promise<ChangeGroup> => {
            const change = { name, windows: windowsAfter };
            const { runs, facts } = await bench.run(file, { algorithm, seeds, windows, change });
            return { change: name, problem: facts.name, algorithm, runs };
          }),
        ),
      ),
    );
    return changeReport(groups, { seeds, windowsBefore: windows, windowsAfter });
  } finally {
    await bench.close();
  }
}
