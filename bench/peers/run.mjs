// The same M/M/10 in Trimtab, SimPy and Ciw, in turn on this machine: `npm run build && node bench/peers/run.mjs`.
// Needs `scripts/provision.sh peers`. Prints one JSON document.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SeededRandom } from "../../dist/src/math/index.js";
import { Simulator } from "../../dist/src/simulator/index.js";
import { poisson } from "../../dist/src/workload/index.js";

// `--quick` runs one round, as a test that all three still agree.
const ROUNDS = process.argv.includes("--quick") ? 1 : 5;
const PEER_CUSTOMERS = 200_000;
const OWN_CUSTOMERS = 10_000_000;

const here = dirname(fileURLToPath(import.meta.url));
const python = join(here, "..", "..", ".provisioned", "peers", "bin", "python");

if (!existsSync(python)) {
  process.stderr.write("SimPy and Ciw are missing: run scripts/provision.sh peers\n");
  process.exit(1);
}

function peer(script, seed) {
  return JSON.parse(
    execFileSync(python, [join(here, script), String(PEER_CUSTOMERS), String(seed)], { encoding: "utf8" }),
  );
}

function own(seed) {
  const type = {
    name: "server",
    kind: "vm",
    vcpus: 1,
    memoryGib: 1,
    gpus: 0,
    usdPerHour: 0,
    spotPriceRatio: null,
    spotInterruptionsPerHour: 0,
    launchS: { constant: 0 },
    billing: { incrementS: 1, minimumS: 0, launchBilled: false },
  };
  const plan = {
    workload: poisson(900, OWN_CUSTOMERS / 900),
    classes: [],
    pools: [{ type, profile: { name: "exponential", serviceMs: () => 10 } }],
    host: null,
    function: null,
    routing: "central",
    reality: {
      interference: 0,
      oversubscription: 0,
      serviceCv: 1,
      serviceDistribution: "exponential",
      stragglers: { share: 0, factor: 1 },
      concurrencyLock: null,
      batchOverheadMs: 0,
    },
    slo: [{ percentile: 0.99, latencyMs: 100 }],
    knobs: [],
    initial: { "instances.server.onDemand": 10 },
    queueTimeoutS: Number.POSITIVE_INFINITY,
    queueLimit: Number.POSITIVE_INFINITY,
    scoreFromS: 0,
  };
  const simulator = new Simulator(plan, new SeededRandom(seed));
  const before = process.cpuUsage();
  simulator.run(OWN_CUSTOMERS / 900 + 10);
  const { user, system } = process.cpuUsage(before);
  const { served, latency } = simulator.totals();
  return {
    name: "trimtab",
    customersPerSecond: served / ((user + system) / 1e6),
    meanResponseS: latency.meanMs / 1000,
  };
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

own(0);
const rounds = Array.from({ length: ROUNDS }, (_, seed) => [
  own(seed),
  peer("mm10_simpy.py", seed),
  peer("mm10_ciw.py", seed),
]);
const [first] = rounds;
const rows = first.map(({ name }, i) => {
  const customersPerSecond = median(rounds.map((round) => round[i].customersPerSecond));
  const timesSlower = median(rounds.map((round) => round[0].customersPerSecond / round[i].customersPerSecond));
  const meanResponseS = median(rounds.map((round) => round[i].meanResponseS));
  return {
    name,
    customersPerSecond: Math.round(customersPerSecond),
    timesSlower: Number(timesSlower.toFixed(1)),
    meanResponseS,
  };
});
process.stdout.write(`${JSON.stringify({ queue: "M/M/10 at 90 %", rounds: ROUNDS, rows }, null, 2)}\n`);
