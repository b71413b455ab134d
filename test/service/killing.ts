// Kills the service at random moments and looks at what is left each time.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../src/math/index.ts";
import { packageRoot } from "../../src/store/index.ts";

const command = join(packageRoot(), "dist", "src", "cli", "main.js");

/** A cluster as the API tells it; the part a kill must not change. */
interface ClusterView {
  readonly configuration: Record<string, unknown>;
  readonly configurationDecision: string;
  readonly decisions: number;
  readonly timeS: number;
  readonly resumed: { readonly decision: string; readonly configuration: Record<string, unknown> } | null;
}

type RecordView = { readonly id: string; readonly timeS: number; readonly applied: unknown; readonly outcome: string };

/** What was read of a service at one moment. */
interface Reading {
  readonly cluster: ClusterView;
  readonly records: readonly RecordView[];
}

class ServeProcess {
  readonly child: ChildProcess;
  readonly url: Promise<string>;
  readonly ended: Promise<void>;
  #errors = "";

  constructor(store: string) {
    const args = [command, "serve", "--port", "0", "--store", store, "--scenario", "image-diurnal", "--speed", "1800"];
    this.child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.ended = new Promise((resolve) => this.child.once("exit", () => resolve()));
    this.url = new Promise((resolve, reject) => {
      let text = "";
      this.child.stdout?.on("data", (chunk: Buffer) => {
        text += chunk.toString("utf8");
        const found = /^listening on (http:\S+)$/m.exec(text)?.[1];
        if (found !== undefined) resolve(found);
      });
      this.child.once("exit", () => reject(new Error(`the service ended before it listened: ${this.#errors}`)));
    });
    // Killed before it listens, nobody waits for the address.
    this.url.catch(() => undefined);
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.#errors += chunk.toString("utf8");
    });
  }

  async read(): Promise<Reading> {
    const url = await this.url;
    const get = async (path: string): Promise<unknown> => {
      const response = await fetch(url + path);
      if (response.status !== 200) throw new Error(`${path}: expected 200, found ${response.status}`);
      return response.json();
    };
    const cluster = (await get("/v1/clusters/default")) as ClusterView;
    const records: RecordView[] = [];
    for (let cursor: string | null = "0"; cursor !== null; ) {
      const page = (await get(`/v1/clusters/default/decisions?order=asc&limit=1000&cursor=${cursor}`)) as {
        items: RecordView[];
        next: string | null;
      };
      records.push(...page.items);
      cursor = page.next;
    }
    return { cluster, records };
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.ended;
  }

  /** Asks it to stop and gives its exit code. */
  async stop(): Promise<number | null> {
    this.child.kill("SIGTERM");
    await this.ended;
    return this.child.exitCode;
  }
}

function number(id: string): number {
  return Number(id.slice(id.lastIndexOf("-") + 1));
}

function unmeasured(record: RecordView): unknown {
  return { ...record, measured: null };
}

function linesOf(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((file) => readFileSync(join(folder, file), "utf8").split("\n"))
    .filter((line) => line !== "");
}

/** Everything acknowledged before the kill is there after it, and the configuration in force is the last acknowledged. */
function expectNothingLost(before: Reading, after: Reading): void {
  after.records.forEach((record, i) => {
    expect(number(record.id)).toBe(i);
  });
  expect(after.records.slice(0, before.records.length).map(unmeasured)).toEqual(before.records.map(unmeasured));
  expect(after.cluster.timeS).toBeGreaterThanOrEqual(before.records.at(-1)?.timeS ?? 0);
  const { resumed } = after.cluster;
  expect(resumed).not.toBeNull();
  if (resumed === null) return;
  // What it went on with is what the record of that decision says was applied.
  expect(after.records[number(resumed.decision)]?.applied).toEqual(resumed.configuration);
  expect(number(resumed.decision)).toBeGreaterThanOrEqual(number(before.cluster.configurationDecision));
  if (resumed.decision === before.cluster.configurationDecision) {
    expect(resumed.configuration).toEqual(before.cluster.configuration);
  }
  // No decision after the resumed one, up to the restart, sent anything else.
  const restart = after.records.findIndex(
    (record, i) => i >= before.records.length && number(record.id) > number(resumed.decision),
  );
  for (const record of after.records.slice(number(resumed.decision) + 1, restart < 0 ? undefined : restart)) {
    if (record.outcome === "held") expect(record.applied).toEqual(resumed.configuration);
  }
}

/**
 * Starts the service, kills it after a random while and starts it again, `kills` times.
 * Every third is killed at a random moment of its start, before or after it listens.
 */
export async function killRepeatedly(kills: number, seed: number): Promise<void> {
  if (!existsSync(command)) throw new Error(`${command}: expected the built project, found none; run npm run build`);
  const store = mkdtempSync(join(tmpdir(), "trimtab-kill-"));
  const random = new SeededRandom(seed);
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  let current = new ServeProcess(store);
  try {
    await current.url;
    for (let kill = 0; kill < kills; kill++) {
      await pause(random.next() * 500);
      const before = await current.read();
      await pause(random.next() * 60);
      await current.kill();
      if (kill % 3 === 2) {
        const early = new ServeProcess(store);
        await pause(random.next() * 1500);
        await early.kill();
      }
      current = new ServeProcess(store);
      expectNothingLost(before, await current.read());
    }
    expect(await current.stop()).toBe(0);
    const folder = join(store, "clusters", "default", "decisions");
    const records = linesOf(folder).map((line) => JSON.parse(line) as RecordView);
    expect(records.map((record) => number(record.id))).toEqual(records.map((_, i) => i));
    expect(records.length).toBeGreaterThan(kills);
  } finally {
    await current.kill();
    rmSync(store, { recursive: true, force: true });
  }
}
