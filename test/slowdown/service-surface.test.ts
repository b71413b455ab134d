import { type BatchServer, priorService, ServiceSurface } from "../../src/slowdown/index.ts";
import { knobLattice } from "../../src/spaces/index.ts";

/** Machines of 1, 2 and 4 model instances of 4 threads on 16 cores. */
const machines: BatchServer[] = [1, 2, 4].map((instances) => ({
  host: "host",
  instances,
  resource: 4,
  maxBatch: 8,
  maxDelayMs: 0,
  occupancy: (4 * instances) / 16,
}));
const [server] = machines as [BatchServer, ...BatchServer[]];
const knots = [1, 2, 4, 8];
const context = {
  profilePoints: [1, 8].map((batch) => ({ host: "host", intraOpThreads: 4, batch, serviceMs: 10 + 5 * batch })),
  deviceRatios: {},
  host: { cores: 16, usdPerCoreHour: 1, usdPerModelInstanceHour: 0 },
  catalogue: { prices: "none", instances: [], function: null },
  space: knobLattice([]),
};

function surface(): ServiceSurface {
  const prior = priorService(context);
  if (prior === null) throw new Error("the context has points");
  return new ServiceSurface(machines, knots, context, prior);
}

test("it knows the profiled points, and doubts what was never measured the more the farther it is", () => {
  const known = surface();
  expect(Math.exp(known.logMean(0, 8))).toBeCloseTo(50, 0);
  expect(Math.sqrt(known.variance(0, 8))).toBeLessThan(0.01);
  expect(known.variance(0, 4)).toBeGreaterThan(known.variance(0, 8));
  expect(known.variance(2, 8)).toBeGreaterThan(known.variance(1, 8));
});

test("an observation moves it there, and its neighbours less", () => {
  const learned = surface();
  const before = [0, 1, 2].map((machine) => learned.logMean(machine, 4));
  const measuredMs = 1.3 * Math.exp(before[1] ?? 0);
  learned.observe(1, 4, measuredMs, 1e-6);
  const moved = [0, 1, 2].map((machine, i) => learned.logMean(machine, 4) - (before[i] ?? 0));
  expect(moved[1]).toBeCloseTo(Math.log(1.3), 3);
  expect(moved[2]).toBeGreaterThan(0.05);
  expect(Math.abs(moved[0] ?? 1)).toBeLessThan(moved[1] ?? 0);
});

test("the order of observations does not matter, as in the Gaussian process it is", () => {
  const observations = [
    [1, 4, 40],
    [2, 8, 90],
    [0, 2, 22],
    [2, 1.5, 25],
  ] as const;
  const [forward, backward] = [surface(), surface()];
  for (const [machine, batch, ms] of observations) forward.observe(machine, batch, ms, 1e-4);
  for (const [machine, batch, ms] of [...observations].reverse()) backward.observe(machine, batch, ms, 1e-4);
  for (const machine of [0, 1, 2]) {
    for (const batch of [1, 1.5, 3, 8]) {
      expect(forward.logMean(machine, batch)).toBeCloseTo(backward.logMean(machine, batch), 9);
      expect(forward.variance(machine, batch)).toBeCloseTo(backward.variance(machine, batch), 9);
    }
  }
});

test("what tells nothing new is skipped, and a restored surface goes on to the last bit", () => {
  const straight = surface();
  straight.observe(1, 4, 40, 1e-6);
  expect(straight.observe(1, 4, 41, 1)).toBeNull();
  const restored = surface();
  restored.restore(JSON.parse(JSON.stringify(straight.save())));
  straight.observe(2, 3, 60, 1e-5);
  restored.observe(2, 3, 60, 1e-5);
  for (const machine of [0, 1, 2]) {
    expect(restored.table(machine, 8)).toEqual(straight.table(machine, 8));
    expect(restored.variance(machine, 5)).toBe(straight.variance(machine, 5));
  }
});

test("after a change two machines are enough to see that a knob turned the other way round", () => {
  // One model instance of 1 to 16 threads; before the change 4 times the threads take half the time.
  const threads = [1, 2, 4, 8, 16];
  const scaled = threads.map(
    (resource): BatchServer => ({ ...server, instances: 1, resource, occupancy: resource / 16 }),
  );
  const points = [1, 16].map((intraOpThreads) => ({
    host: "host",
    intraOpThreads,
    batch: 4,
    serviceMs: 80 / Math.sqrt(intraOpThreads),
  }));
  const changing = { ...context, profilePoints: points };
  const prior = priorService(changing);
  if (prior === null) throw new Error("the context has points");
  const learned = new ServiceSurface(scaled, knots, changing, prior);
  const timesMs = (): number[] => threads.map((_, machine) => Math.exp(learned.logMean(machine, 4)));
  expect(timesMs()[0]).toBeGreaterThan(3 * (timesMs()[4] ?? Number.NaN));
  learned.forget();
  // What 16 threads took, 1 takes now, and the other way round: 20 and 80 ms.
  learned.observe(4, 4, 80, 1e-5);
  learned.observe(2, 4, 40, 1e-5);
  const [one = Number.NaN, , four = Number.NaN, , sixteen = Number.NaN] = timesMs();
  expect(one).toBeLessThan(four);
  expect(four).toBeLessThan(sixteen);
});

test("what was learnt on the way to noticing a change is no part of the first guess after it", () => {
  const learned = surface();
  learned.observe(1, 4, 40, 1e-5);
  learned.settle();
  const before = [0, 1, 2].map((machine) => learned.logMean(machine, 4));
  learned.observe(1, 4, 400, 1e-5);
  expect(learned.logMean(1, 4)).toBeGreaterThan((before[1] ?? 0) + 0.5);
  learned.forget();
  expect([0, 1, 2].map((machine) => learned.logMean(machine, 4))).toEqual(before);
});

test("machines that run fewer instances than configured are believed as they run, whatever was learnt before", () => {
  // 2 and 8 instances of 4 threads on 16 cores, of which 2 run: the second is the first, half as full as it looks.
  const configured = [2, 8].map((instances): BatchServer => ({ ...server, instances, occupancy: instances / 4 }));
  const [two] = configured as [BatchServer, ...BatchServer[]];
  const prior = priorService(context);
  if (prior === null) throw new Error("the context has points");
  const learned = new ServiceSurface(configured, knots, context, prior);
  // Turns of 8 * 4 threads on 16 cores double the time expected.
  expect(learned.logMean(1, 4) - learned.logMean(0, 4)).toBeCloseTo(Math.log(2), 1);
  learned.observe(1, 4, 30, 1e-5);
  learned.assume([two, two]);
  expect(learned.logMean(1, 4)).toBeCloseTo(learned.logMean(0, 4), 9);
  const before = learned.logMean(0, 4);
  learned.observe(1, 4, 1.2 * Math.exp(before), 1e-6);
  expect(learned.logMean(0, 4) - before).toBeCloseTo(Math.log(1.2), 2);
});
