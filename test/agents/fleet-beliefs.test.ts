import { FleetExperience, NO_BELIEFS, strayed } from "../../agents/fleet-beliefs.ts";
import type { AgentContext, ClusterState, Configuration, FleetCount } from "../../src/core/index.ts";
import { contextOf } from "./fleet-context.ts";

const WINDOW_S = 10;
const OD = "instances.c5.large.onDemand";
const SPOT = "instances.c5.large.spot";

/** A window of a cluster of c5.large. */
function window(
  timeS: number,
  configuration: Configuration,
  count: Partial<FleetCount>,
  metrics: Partial<ClusterState["metrics"]> = {},
): ClusterState {
  return {
    timeS,
    metrics: {
      durationS: WINDOW_S,
      requests: 100,
      arrivals: { rateRps: 10, recentRatesRps: [], dispersion: 1, peakToMedian: 1 },
      latency: null,
      queueLength: 0,
      utilization: 0.5,
      meanBatchSize: 1,
      service: null,
      dropped: 0,
      offloadedShare: 0,
      costUsdPerHour: 1,
      costUsd: 0,
      ...metrics,
    },
    fleet: { "c5.large": { ready: 0, launching: 0, draining: 0, spot: 0, ...count } },
    configuration,
    inFlight: null,
    canary: null,
    forecast: null,
    mask: null,
    history: [],
  };
}

let context: AgentContext;
beforeAll(async () => {
  context = await contextOf("mmpp");
});

test("nothing measured is nothing believed", () => {
  const beliefs = new FleetExperience(context).beliefs(2e-5);
  expect(beliefs).toMatchObject({ launchS: {}, slowdown: {}, lossesPerS: {} });
  expect(beliefs.callUsd).toBeCloseTo(2e-5, 15);
});

test("launch delays are measured from order to ready, whoever comes first", () => {
  const experience = new FleetExperience(context);
  for (let round = 0; round < 40; round++) {
    const fromS = 1000 * round;
    const asked = { [OD]: 10 + 2 * (round + 1) };
    const ready = 10 + 2 * round;
    experience.observe(window(fromS, { [OD]: ready }, { ready }));
    // Two machines are ordered at 0; one is ready in the window that ends at 200 s, one at 300 s.
    for (let s = 10; s <= 300; s += WINDOW_S) {
      const came = s >= 300 ? 2 : s >= 200 ? 1 : 0;
      experience.observe(window(fromS + s, asked, { ready: ready + came, launching: 2 - came }));
    }
  }
  // 80 delays of mean (195 + 295) / 2, and the catalogue's 140 s five times.
  expect(experience.beliefs(2e-5).launchS["c5.large"]).toBeCloseTo((80 * 245 + 5 * 140) / 85, 6);
});

test("orders that are taken back leave the delay of the others alone", () => {
  const experience = new FleetExperience(context);
  experience.observe(window(0, { [OD]: 5 }, { ready: 5 }));
  experience.observe(window(10, { [OD]: 8 }, { ready: 5, launching: 3 }));
  experience.observe(window(20, { [OD]: 6 }, { ready: 5, launching: 1 }));
  experience.observe(window(110, { [OD]: 6 }, { ready: 6 }));
  // One delay, from 0 to the middle of the window that ends at 110 s.
  expect(experience.beliefs(2e-5).launchS["c5.large"]).toBeCloseTo((105 + 5 * 140) / 6, 6);
});

test("service times teach how much slower machines are than the model says", () => {
  const experience = new FleetExperience(context);
  const modelledMs = context.model.serviceMs("c5.large", { [OD]: 5 }, 1);
  for (let s = 0; s < 200; s++) {
    experience.observe(window(10 * s, { [OD]: 5 }, { ready: 5 }, { service: { meanMs: 1.3 * modelledMs } }));
  }
  // 20,000 batches against 200 of the prior.
  expect(experience.beliefs(2e-5).slowdown["c5.large"]).toBeCloseTo((Math.log(1.3) * 20_000) / 20_200, 6);
});

test("what windows cost beyond the rent is the price of their calls", () => {
  const experience = new FleetExperience(context);
  const rentUsd = (5 * 0.085 * WINDOW_S) / 3600;
  for (let s = 0; s < 400; s++) {
    const metrics = { offloadedShare: 0.5, costUsd: rentUsd + 50 * 4e-5 };
    experience.observe(window(10 * s, { [OD]: 5 }, { ready: 5 }, metrics));
  }
  // 399 windows of 50 calls at 4e-5 against 2,000 calls at 2e-5.
  const calls = 399 * 50;
  expect(experience.beliefs(2e-5).callUsd).toBeCloseTo((calls * 4e-5 + 2000 * 2e-5) / (calls + 2000), 12);
});

test("spot machines launched again that nobody asked for, or missing, were lost", () => {
  const experience = new FleetExperience(context);
  experience.observe(window(0, { [SPOT]: 9 }, { ready: 9, spot: 9 }));
  experience.observe(window(10, { [SPOT]: 9 }, { ready: 6, launching: 3, spot: 9 }));
  experience.observe(window(150, { [SPOT]: 9 }, { ready: 9, spot: 9 }));
  experience.observe(window(160, { [SPOT]: 9 }, { ready: 3, spot: 3 }));
  const { lossesPerS, lossShare } = experience.beliefs(2e-5);
  const listedPerS = (context.catalogue.instances[0]?.spotInterruptionsPerHour ?? 0) / 3600;
  const machineS = 10 * (9 + 9 + 9 + 3);
  expect(lossesPerS[SPOT]).toBeCloseTo((1 + 9) / (1 / listedPerS + machineS), 12);
  // 3 of 9, then 6 of the 9 there were; a third before any.
  expect(lossShare[SPOT]).toBeCloseTo((1 / 3 + 3 / 9 + 6 / 6) / 3, 12);
});

test("machines on their way at first sight were ordered, not lost", () => {
  const experience = new FleetExperience(context);
  experience.observe(window(10, { [OD]: 10, [SPOT]: 11 }, { ready: 10, launching: 11, spot: 11 }));
  experience.observe(window(20, { [OD]: 10, [SPOT]: 11 }, { ready: 10, launching: 11, spot: 11 }));
  experience.observe(window(150, { [OD]: 10, [SPOT]: 11 }, { ready: 21, spot: 11 }));
  const { lossesPerS, lossShare, launchS } = experience.beliefs(2e-5);
  const listedPerS = (context.catalogue.instances[0]?.spotInterruptionsPerHour ?? 0) / 3600;
  expect(lossesPerS[SPOT]).toBeLessThan(listedPerS);
  expect(lossShare).toEqual({});
  // From 0 to the middle of the window that ends at 150 s.
  expect(launchS["c5.large"]).toBeCloseTo((11 * 145 + 5 * 140) / 16, 6);
});

test("experience written and read again believes the same", () => {
  const experience = new FleetExperience(context);
  experience.observe(window(0, { [OD]: 5 }, { ready: 5 }));
  experience.observe(window(10, { [OD]: 8 }, { ready: 5, launching: 3 }));
  const again = new FleetExperience(context);
  again.restore(JSON.parse(JSON.stringify(experience.save())));
  for (const one of [experience, again]) one.observe(window(150, { [OD]: 8 }, { ready: 8 }));
  expect(again.beliefs(2e-5)).toEqual(experience.beliefs(2e-5));
});

test("beliefs have strayed once calls, launches or service are measured far off what was learnt by", () => {
  const listed = { launchS: 140, callUsd: 2e-5 };
  const told = (changes: Partial<typeof NO_BELIEFS>): string | null =>
    strayed("c5.large", NO_BELIEFS, { ...NO_BELIEFS, ...changes }, listed);
  expect(told({})).toBeNull();
  expect(told({ callUsd: 2.4e-5, launchS: { "c5.large": 170 }, slowdown: { "c5.large": 0.09 } })).toBeNull();
  expect(told({ callUsd: 1e-5 })).toBe("calls cost 0.50 of what was thought");
  expect(told({ launchS: { "c5.large": 280 } })).toBe("launches take 2.00 of what was thought");
  expect(told({ slowdown: { "c5.large": Math.log(1.5) } })).toBe("service takes 1.50 of what was thought");
  expect(told({ launchS: { "p2.xlarge": 280 } })).toBeNull();
});
