import { join } from "node:path";
import { type Perturbation, perturbationsOf } from "../../bench/perturbations.ts";
import { capacityOfZones } from "../../bench/spot-zones.ts";
import { type LoadedScenario, loadScenario, openScenario } from "../../environments/index.ts";
import { meanDurationS } from "../../src/math/index.ts";

const DAY_S = 86_400;
const zones = [
  {
    gapS: 100,
    runs: [
      [1, 3],
      [0, 1],
    ] as const,
  },
];

function contextFile(name: string): Promise<LoadedScenario> {
  return loadScenario(join(__dirname, "..", "..", "bench", "contexts", `${name}.yaml`));
}

let all: Perturbation[];
beforeAll(async () => {
  all = perturbationsOf(await contextFile("surge"), await contextFile("mmpp"), []);
});

function named(name: string): Perturbation {
  const found = all.find((one) => one.name === name);
  if (found === undefined)
    throw new Error(`expected a variant ${name}, found ${all.map((one) => one.name).join(", ")}`);
  return found;
}

function open(scenario: LoadedScenario | undefined) {
  if (scenario === undefined) throw new Error("expected a scenario, found none");
  return openScenario(scenario, { dataFolder: null });
}

test("every variant is held against one that stands before it, or is a measure itself", () => {
  all.forEach(({ against }, i) => {
    if (against !== null) expect(all.slice(0, i).map(({ name }) => name)).toContain(against);
  });
});

test("all days of warm-up but an hour are recalled, and the scored ones are kept", () => {
  expect(named("as-told").real.scenario.workload).toMatchObject({ warmupS: DAY_S + 3600, durationS: 2 * DAY_S + 3600 });
});

test("a stranger's past is as long as the days recalled", async () => {
  const { past } = named("past-of-another-trace");
  const { plan } = await open(past);
  expect(plan.workload.durationS).toBe(DAY_S + 3600);
  expect(past?.scenario.workload.model).toBe("mmpp");
});

test("launches take twice as long in truth, and the catalogue that is told says what it always did", async () => {
  const { real, told } = named("launches-twice-as-long-untold");
  const [slow] = (await open(real)).catalogue.instances;
  const [listed] = (await open(told)).catalogue.instances;
  expect(listed).toBeDefined();
  if (slow !== undefined && listed !== undefined) {
    expect(meanDurationS(slow.launchS)).toBeCloseTo(2 * meanDurationS(listed.launchS), 12);
    expect({ ...slow, launchS: listed.launchS }).toEqual(listed);
  }
});

test("the price of calls is told wrong by two either way, and is charged as it is", async () => {
  const truth = (await open(named("as-told").real)).catalogue.function;
  for (const [name, factor] of [
    ["calls-told-at-half-price", 0.5],
    ["calls-told-at-twice-the-price", 2],
  ] as const) {
    const { real, told } = named(name);
    expect((await open(real)).catalogue.function).toEqual(truth);
    expect((await open(told)).catalogue.function?.usdPerGbS).toBeCloseTo(factor * (truth?.usdPerGbS ?? 0), 15);
  }
});

test("a limit on calls at once is real, and told", async () => {
  const { real, told } = named("few-calls-at-once");
  expect((await open(real)).catalogue.function?.concurrencyLimit).toBe(25);
  expect(told).toBeUndefined();
});

test("zones are lost and come back as a whole, their record repeated to the end", () => {
  expect(capacityOfZones(zones, 40, 1000)).toEqual([
    { fromS: 0, machines: 40 },
    { fromS: 300, machines: 0 },
    { fromS: 400, machines: 40 },
    { fromS: 700, machines: 0 },
    { fromS: 800, machines: 40 },
  ]);
});

test("zones that change at the same time make one step of the market", () => {
  const [one] = zones;
  if (one === undefined) throw new Error("expected a zone, found none");
  expect(capacityOfZones([one, one], 10, 500)).toEqual([
    { fromS: 0, machines: 20 },
    { fromS: 300, machines: 0 },
    { fromS: 400, machines: 20 },
  ]);
});

test("a context with a spot market is tried without losses too, and with its zones lost", async () => {
  const spot = perturbationsOf(await contextFile("tw1-spot"), await contextFile("surge"), zones);
  const [free, lost] = spot.slice(-2);
  expect(free?.real.scenario.catalogue?.overrides["c5.large"]?.spotInterruptionsPerHour).toBe(0);
  expect(lost).toMatchObject({ name: "zones-lost", against: "no-losses" });
  expect(lost?.real.scenario.markets["c5.large"]?.spotCapacity?.[0]).toEqual({ fromS: 0, machines: 120 });
});
