// The simulator beside SimPy and Ciw on the same M/M/10: all three agree with the closed form, ours is the fastest.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { mmc } from "../../src/queueing/index.ts";

const run = promisify(execFile);
const root = join(__dirname, "..", "..");

interface Row {
  readonly name: string;
  readonly customersPerSecond: number;
  readonly meanResponseS: number;
}

test("mean response times agree with M/M/10, and ours takes the least time a customer", async () => {
  const { stdout } = await run("node", [join(root, "bench", "peers", "run.mjs"), "--quick"], { maxBuffer: 1 << 20 });
  const { rows }: { rows: Row[] } = JSON.parse(stdout);
  expect(rows).toHaveLength(3);
  const exact = mmc(900, 0.01, 10).meanResponseS;
  const [own, ...peers] = rows;
  for (const row of rows) expect(Math.abs(row.meanResponseS / exact - 1)).toBeLessThan(0.1);
  for (const peer of peers) expect(own?.customersPerSecond).toBeGreaterThan(peer.customersPerSecond);
});
