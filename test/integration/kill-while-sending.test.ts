// A real service killed by SIGKILL while it sends a change, and a leader killed beside another service on its cluster.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Configuration, DecisionRecord } from "../../src/core/index.ts";
import { packageRoot } from "../../src/store/index.ts";
import { Shop } from "../clusters/shop.ts";

const command = join(packageRoot(), "dist", "src", "cli", "main.js");

/** What the tests read of a cluster. */
interface ClusterView {
  readonly leader: string | null;
  readonly decisions: number;
  readonly configuration: Configuration | null;
}

let folder: string;
let shop: Shop;
let services: ChildProcess[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "trimtab-killed-"));
  shop = await Shop.open();
  writeFileSync(join(folder, "cluster.yaml"), JSON.stringify(shop.file({ mode: "active" })));
});

afterEach(async () => {
  await Promise.all(services.map(kill));
  services = [];
  await shop.close();
  rmSync(folder, { recursive: true, force: true });
});

async function kill(service: ChildProcess): Promise<void> {
  if (service.exitCode !== null || service.signalCode !== null) return;
  const over = new Promise((resolve) => service.once("exit", resolve));
  service.kill("SIGKILL");
  await over;
}

/** Starts a service on the cluster. @returns it, and where it answers */
async function serve(store: string): Promise<{ service: ChildProcess; url: Promise<string> }> {
  const file = join(folder, "cluster.yaml");
  const args = [command, "serve", "--port", "0", "--store", join(folder, store), "--cluster", file];
  const service = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  services.push(service);
  const url = new Promise<string>((resolve, reject) => {
    let text = "";
    service.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
      const found = /^listening on (http:\S+)$/m.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
    service.once("exit", () => reject(new Error("the service ended before it listened")));
  });
  url.catch(() => undefined);
  return { service, url };
}

async function read<T>(url: string, path: string): Promise<T> {
  return (await (await fetch(`${url}/v1/clusters/shop${path}`)).json()) as T;
}

async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}

test.each([
  ["between decide and apply", false],
  ["between apply and record", true],
])(
  "killed %s, its restart has the change in force and on record, and loses nothing",
  async (_, taken) => {
    const { server } = shop;
    const { service } = await serve("a");
    const killed = new Promise((resolve) => service.once("exit", resolve));
    server.tamper = (path) => {
      if (path !== "configuration") return false;
      service.kill("SIGKILL");
      // The cluster has it, or it was lost on the way; nobody is told either way.
      if (taken) void server.take(server.asked[0] as { configuration: Configuration });
      return true;
    };
    await killed;
    server.tamper = null;
    const sent = (server.asked[0] as { configuration: Configuration }).configuration;
    const { url } = await serve("a");
    const base = await url;
    await until(() => server.asked.length > 1);
    expect(server.asked[1]).toEqual({ configuration: sent });
    let records: readonly DecisionRecord[] = [];
    await until(async () => {
      records = (await read<{ items: readonly DecisionRecord[] }>(base, "/decisions?order=asc&limit=1000")).items;
      return records.some(({ outcome }) => outcome === "applied");
    });
    expect(records.map(({ id }) => id)).toEqual(records.map((__, i) => `shop-${i}`));
    expect(records.find(({ outcome }) => outcome === "applied")).toMatchObject({
      applied: sent,
      reason: "sent before the service was stopped, recorded at its restart",
    });
  },
  60_000,
);

test("of two services one acts; when it is killed the other does, in its next pass", async () => {
  const first = await serve("a");
  const leading = await first.url;
  await until(async () => (await read<ClusterView>(leading, "")).decisions > 0);
  const second = await serve("b");
  const following = await second.url;
  await until(async () => (await read<ClusterView>(following, "")).decisions > 2);
  expect(await read<ClusterView>(following, "")).toMatchObject({
    leader: "another service on this machine",
    configuration: null,
  });
  await kill(first.service);
  const { decisions } = await read<ClusterView>(following, "");
  await until(async () => (await read<ClusterView>(following, "")).leader === null);
  expect((await read<ClusterView>(following, "")).decisions).toBeLessThanOrEqual(decisions + 2);
}, 60_000);
