// The fault table: each row a real control loop over a cluster that misbehaves, and what docs/safety.md says of it.
//
//   UPDATE_SAFETY=1 npx jest test/control/faults   writes what was measured into the page

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../../src/store/index.ts";
import { temporaryFolder } from "../harness.ts";
import { adapterFaults, closeServers } from "./adapter.ts";
import type { Measured } from "./fault.ts";
import { metricsFaults } from "./metrics.ts";
import { serviceFaults } from "./service.ts";

const page = join(packageRoot(), "docs", "safety.md");
const HEAD = "| what goes wrong | what it does | safe after | acts again after |";

const folder = temporaryFolder();
afterEach(closeServers);

const faults = [...metricsFaults, ...adapterFaults, ...serviceFaults];
const measured = new Map<string, Measured>();

test.each(faults.map((fault) => [fault.name, fault] as const))(
  "%s",
  async (name, fault) => {
    measured.set(name, await fault.run(folder.path));
  },
  30_000,
);

function seconds(s: number | null): string {
  return s === null ? "–" : s === 0 ? "at once" : `${s} s`;
}

function tableOf(rows: ReadonlyMap<string, Measured>): string {
  const lines = faults.map(({ name, does }) => {
    const { safeAfterS = null, actsAgainS = null } = rows.get(name) ?? {};
    return `| ${name} | ${does} | ${seconds(safeAfterS)} | ${seconds(actsAgainS)} |`;
  });
  return [HEAD, "|---|---|---|---|", ...lines].join("\n");
}

test("docs/safety.md tells what was measured", async () => {
  const text = await readFile(page, "utf8");
  const from = text.indexOf(HEAD);
  const [told = ""] = text.slice(from).split("\n\n");
  const table = tableOf(measured);
  if (process.env["UPDATE_SAFETY"] === "1") await writeFile(page, text.replace(told.trimEnd(), table));
  else expect(told.trimEnd()).toBe(table);
});
