// `trimtab profile --cluster`: points measured on a running cluster over HTTP, into its file, and everything put back.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { registerProfile } from "../../src/cli/profile.ts";
import { SimulatedCluster } from "../../src/clusters/simulated.ts";
import { fileLease, leaseFolder } from "../../src/control/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { ExternalServer } from "../clusters/external-server.ts";
import { knob, onePool, poisson } from "../simulator/plans.ts";
import { runCommand } from "./run-command.ts";

const initial = { "instances.m.onDemand": 2, maxBatchSize: 4 };

let folder: string;
let server: ExternalServer;
let ticking: NodeJS.Timeout;
let path: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "trimtab-profile-"));
  const plan = onePool(poisson(150, Number.POSITIVE_INFINITY), 2, (batch) => 5 + 5 * batch, {
    knobs: [knob("instances.m.onDemand", [1, 2]), knob("maxBatchSize", [1, 4, 8])],
    initial,
  });
  server = new ExternalServer(new SimulatedCluster({ plan, random: new SeededRandom(3) }));
  await server.listen();
  await server.clock.sleep(10_000);
  ticking = setInterval(() => void server.clock.sleep(10_000), 20);
  path = join(folder, "cluster.yaml");
  writeFileSync(
    path,
    `# ours
name: shop
adapter: external
options: { endpoint: "${server.url}" }
slo: [{ percentile: 0.98, latencyMs: 200 }]
catalogue: { instances: [m], overrides: { m: { usdPerHour: 1 } } }
knobs: { instances.m.onDemand: [1, 2], maxBatchSize: [1, 4, 8] }
initial: { instances.m.onDemand: 2, maxBatchSize: 4 }
`,
  );
});
afterEach(async () => {
  clearInterval(ticking);
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const run = (...flags: string[]) =>
  runCommand(registerProfile, ["profile", "--cluster", path, "--window", "0.2", "--within", "20", ...flags]);

test("a file without a prior gets one, its comments kept, and the cluster is as it was", async () => {
  const { stdout, error } = await run("--write", "--json");
  expect(error).toBeNull();
  const { points } = JSON.parse(stdout) as { points: { batch: number; serviceMs: number }[] };
  expect(points.map(({ batch }) => batch)).toContain(1);
  for (const { batch, serviceMs } of points) {
    // A busy machine's timers are late, never early.
    expect(serviceMs / (5 + 5 * batch)).toBeGreaterThan(0.95);
    expect(serviceMs / (5 + 5 * batch)).toBeLessThan(2);
  }
  const text = readFileSync(path, "utf8");
  expect(text).toMatch(/^# ours\n/);
  expect(parse(text).prior.points).toEqual(points);
  expect(server.asked.at(-1)).toEqual({ configuration: initial });
}, 30_000);

test("a cluster that somebody acts on is left alone", async () => {
  const lease = fileLease(leaseFolder("external", { endpoint: server.url }), "a service");
  await lease.hold();
  const { error } = await run();
  expect(String(error)).toMatch(/expected nobody else to act on it, found another service on this machine/);
  expect(server.asked).toEqual([]);
  await lease.release();
});
