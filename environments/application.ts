// Synthetic applications: made-up models, machines, prices, deadlines and traffic, all on one knob lattice.
//
// service      base + perItem·b ms, a single request U_log(100, 400) ms of which 10 to 60 % are base
// machines     $ U(.06, .15) an hour, launched in U(60, 180) s;  functions take 1 to 1.6 times as long, at list prices
// traffic      4 to 20 machines' worth in mean: a swing of a few hours, bursts of two states, or surges, in turn
// deadline     98 % of requests within 3 to 6 times a single request on its own, 99 % within twice that
// For training what is to serve applications it never saw, and for measuring how soon it does.
// Source: the shape of the experiment is that of H. Qiu et al., "AWARE: automate workload autoscaling with reinforcement
// learning in production cloud systems", USENIX ATC 2023; all numbers are stated here, none is measured.

import { type Random, UnknownNameError } from "../src/core/index.ts";
import { SeededRandom } from "../src/math/index.ts";
import { checkScenario, type LoadedScenario, scenarioFolder } from "./scenario-file.ts";

/** Name of an application: `application-<n>`. */
const NAME = /^application-(\d{1,6})$/;

/** Machines an application may rent at most. */
const MOST_MACHINES = 60;

/** The knobs of every application. */
const knobs = {
  "instances.c5.large.onDemand": { from: 0, to: MOST_MACHINES },
  maxBatchSize: [1, 2, 4],
  maxBatchDelayMs: [0, 10, 20],
  offloadThresholdMs: [0, 50, 100, 200, Number.POSITIVE_INFINITY],
};

/** Two days: what is not used of it costs nothing. */
const DURATION_S = 172_800;

const between = (random: Random, low: number, high: number): number => low + (high - low) * random.next();

const betweenLogs = (random: Random, low: number, high: number): number =>
  low * Math.exp(Math.log(high / low) * random.next());

function trafficOf(number: number, meanRps: number, random: Random): object {
  const durationS = DURATION_S;
  switch (number % 3) {
    case 0: {
      const periodS = between(random, 7200, 18_000);
      const amplitude = [between(random, 0.3, 0.6), between(random, 0, 0.2)];
      const peakS = [periodS * random.next(), periodS * random.next()];
      return { model: "diurnal", meanRps, amplitude, periodS: [periodS, periodS / 3], peakS, durationS };
    }
    case 1: {
      const ratio = between(random, 1.5, 3);
      const meanSojournS = [between(random, 600, 1800), between(random, 180, 600)] as const;
      const [calm, busy] = meanSojournS;
      const calmRps = (meanRps * (calm + busy)) / (calm + ratio * busy);
      return { model: "mmpp", ratesRps: [calmRps, ratio * calmRps], meanSojournS, durationS };
    }
    default: {
      const factors = [between(random, 1.4, 2), between(random, 1.4, 2.2)];
      const everyS = between(random, 3600, 7200);
      return { model: "surge", baseRps: meanRps, factors, surgeS: between(random, 600, 1200), everyS, durationS };
    }
  }
}

/** The application of a number; the same number is always the same application. */
export function application(number: number): LoadedScenario {
  const random = new SeededRandom(number).split("application");
  const singleMs = betweenLogs(random, 100, 400);
  const baseShare = between(random, 0.1, 0.6);
  const latencyMs = Math.round(singleMs * between(random, 3, 6));
  const slower = between(random, 1, 1.6);
  const machines = betweenLogs(random, 4, 20);
  const usdPerHour = between(random, 0.06, 0.15);
  const launchS = between(random, 60, 180);
  const linear = (factor: number): object => ({
    linear: { baseMs: factor * baseShare * singleMs, perItemMs: factor * (1 - baseShare) * singleMs },
  });
  const name = `application-${number}`;
  const document = {
    name,
    workload: trafficOf(number, (machines * 1000) / singleMs, random.split("traffic")),
    slo: [
      { percentile: 0.98, latencyMs },
      { percentile: 0.99, latencyMs: 2 * latencyMs },
    ],
    models: [{ name: "synthetic", profiles: { c5: linear(1), function: linear(slower) } }],
    catalogue: {
      instances: ["c5.large"],
      functions: true,
      overrides: { "c5.large": { usdPerHour, launchS: { uniform: [0.8 * launchS, 1.2 * launchS] } } },
    },
    reality: { serviceCv: between(random, 0.02, 0.2) },
    telemetry: { serviceTimes: true },
    knobs,
    initial: {
      "instances.c5.large.onDemand": Math.min(MOST_MACHINES, Math.ceil(1.8 * machines) + 2),
      maxBatchSize: 1,
      maxBatchDelayMs: 0,
      offloadThresholdMs: 100,
    },
  };
  return { scenario: checkScenario(document, name), path: name, folder: scenarioFolder };
}

/** Whether a name is that of an application. */
export function isApplication(name: string): boolean {
  return NAME.test(name);
}

/** The application of a name such as `application-7`. @throws {UnknownNameError} for any other name */
export function applicationNamed(name: string): LoadedScenario {
  const number = NAME.exec(name)?.[1];
  if (number === undefined) throw new UnknownNameError("application", name, ["application-<number>"]);
  return application(Number(number));
}
