// The store folder: one process at a time, a catalogue that is never half written, cluster logs that come back.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StoreError } from "../../src/core/index.ts";
import { type ClusterEntry, openStore } from "../../src/store/index.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trimtab-store-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const entry: ClusterEntry = {
  name: "default",
  adapter: "simulated",
  scenario: "image-diurnal",
  agent: "region-q",
  optimizer: "mark",
  mode: "active",
  attachedAt: "2026-01-01T00:00:00.000Z",
  document: null,
  folder: null,
};

test("what was put is there after a restart, and what was removed is not", async () => {
  const first = await openStore(folder);
  await first.catalogue.clusters.put("default", entry);
  await first.catalogue.settings.put("a", { b: [1, null] });
  await first.catalogue.settings.put("c", 1);
  await first.catalogue.settings.remove("c");
  await first.close();
  const second = await openStore(folder);
  expect(second.catalogue.clusters.get("default")).toEqual(entry);
  expect(second.catalogue.clusters.list()).toEqual([entry]);
  expect(second.catalogue.clusters.get("constructor")).toBeNull();
  expect(second.catalogue.settings.get("a")).toEqual({ b: [1, null] });
  expect(second.catalogue.settings.get("c")).toBeNull();
  await second.close();
});

test("many changes at once all arrive, and each is on disk when it is acknowledged", async () => {
  const store = await openStore(folder);
  await Promise.all(
    Array.from({ length: 30 }, async (_, i) => {
      await store.catalogue.settings.put(`k${i}`, i);
      expect(JSON.parse(readFileSync(join(folder, "catalogue.json"), "utf8")).settings).toHaveProperty(`k${i}`, i);
    }),
  );
  expect(store.catalogue.settings.list()).toHaveLength(30);
  await store.close();
});

test("a second writer is refused while the first runs, and welcome afterwards", async () => {
  const first = await openStore(folder);
  await expect(openStore(folder)).rejects.toThrow(StoreError);
  await expect(openStore(folder)).rejects.toThrow(/expected a store no other process uses/);
  await first.close();
  await first.close();
  await (await openStore(folder)).close();
  expect(existsSync(join(folder, "lock"))).toBe(false);
});

test("the lock of a process that is gone is taken over", async () => {
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  writeFileSync(join(folder, "lock"), JSON.stringify({ pid: dead, startedAt: "1" }));
  await (await openStore(folder)).close();
});

test("the lock of an earlier process with our own id is taken over", async () => {
  if (!existsSync("/proc/self/stat")) return;
  writeFileSync(join(folder, "lock"), JSON.stringify({ pid: process.pid, startedAt: "1" }));
  await (await openStore(folder)).close();
});

test("a lock that is not readable as one is taken over", async () => {
  writeFileSync(join(folder, "lock"), "");
  await (await openStore(folder)).close();
});

const damaged: readonly (readonly [string, string, RegExp])[] = [
  ["not JSON", "{", /expected JSON/],
  [
    "another version",
    '{"format":"trimtab-catalogue","version":2,"clusters":{},"policies":{},"trainings":{},"settings":{}}',
    /version: expected 1, found 2/,
  ],
  [
    "an impossible mode",
    JSON.stringify({
      format: "trimtab-catalogue",
      version: 1,
      clusters: { default: { ...entry, mode: "yolo" } },
      policies: {},
      trainings: {},
      settings: {},
    }),
    /clusters\.default\.mode: expected .*active.*, found "yolo"/,
  ],
];

test.each(damaged)(
  "a catalogue that is %s is refused by path, and the lock is given back",
  async (_name, text, why) => {
    writeFileSync(join(folder, "catalogue.json"), text);
    await expect(openStore(folder)).rejects.toThrow(why);
    expect(existsSync(join(folder, "lock"))).toBe(false);
    expect(readFileSync(join(folder, "catalogue.json"), "utf8")).toBe(text);
  },
);

test("what interrupted writes left behind is swept away at open", async () => {
  writeFileSync(join(folder, ".catalogue.json.1-0.partial"), "{");
  await (await openStore(folder)).close();
  expect(readdirSync(folder).filter((name) => name.includes("partial"))).toEqual([]);
});

test("a cluster's logs come back, and asking twice gives the same ones", async () => {
  const first = await openStore(folder);
  const cluster = await first.cluster("default");
  expect(await first.cluster("default")).toBe(cluster);
  await cluster.decisions.append({ id: "default-0" });
  await first.close();
  const second = await openStore(folder);
  expect((await (await second.cluster("default")).decisions.last())?.record).toEqual({ id: "default-0" });
  await second.close();
});
