// What charts ask of a cluster: its timeline, single decisions, its lattice, what it saves, and the stream of all.

import { get } from "node:http";
import { listen } from "../../src/http/index.ts";
import { fastCluster, TestService } from "./service.ts";

let service: TestService;
beforeAll(async () => {
  service = await TestService.open({ cluster: fastCluster });
  await service.until(async () => (await service.ask.get("/v1/clusters/default")).body.decisions > 60, 60_000);
});
afterAll(() => service.close());

const ask = async (path: string) => (await service.ask.get(path).expect(200)).body;

test("a timeline has as many points as asked for at most, in columns of one length", async () => {
  const timeline = await ask("/v1/clusters/default/timeline?points=20");
  expect(timeline.timeS.length).toBeGreaterThan(5);
  expect(timeline.timeS.length).toBeLessThanOrEqual(20);
  for (const column of ["arrivalRateRps", "forecastRps", "objectiveMs", "costUsdPerHour", "offloadedShare"]) {
    expect(timeline[column]).toHaveLength(timeline.timeS.length);
  }
  for (const values of Object.values(timeline.knobs)) expect(values).toHaveLength(timeline.timeS.length);
  expect(timeline.fleet["c5.large"].ready).toHaveLength(timeline.timeS.length);
  expect([...timeline.timeS].sort((a: number, b: number) => a - b)).toEqual(timeline.timeS);
});

test("its sums are those of the decisions it stands for, whatever the points", async () => {
  const toS = (await ask("/v1/clusters/default/timeline")).lastS;
  const [coarse, fine] = await Promise.all(
    [5, 2000].map((points) => ask(`/v1/clusters/default/timeline?fromS=0&toS=${toS}&points=${points}`)),
  );
  expect(coarse.summary).toEqual(fine.summary);
  const { items } = await ask("/v1/clusters/default/decisions?order=asc&limit=1000");
  const seen = items.filter(
    (one: { timeS: number; observation: unknown }) => one.timeS <= toS && one.observation !== null,
  );
  const usd = seen.reduce(
    (sum: number, one: { observation: { metrics: { costUsd: number } } }) => sum + one.observation.metrics.costUsd,
    0,
  );
  expect(fine.summary.windows).toBe(seen.length);
  expect(fine.summary.usd).toBeCloseTo(usd, 9);
});

test("only what changed the configuration, or went wrong, is marked", async () => {
  const { marks, summary } = await ask("/v1/clusters/default/timeline");
  expect(marks.length).toBe(summary.changes);
  for (const mark of marks) {
    const record = await ask(`/v1/clusters/default/decisions/${mark.id}`);
    expect(record).toMatchObject({ id: mark.id, timeS: mark.timeS, outcome: mark.outcome });
    expect(mark.change === "" && mark.outcome === "applied").toBe(false);
  }
});

test("a decision is found by its id, with what the next window measured", async () => {
  const record = await ask("/v1/clusters/default/decisions/default-5");
  expect(record.id).toBe("default-5");
  expect(record.measured.costUsdPerHour).toBeGreaterThan(0);
  for (const id of ["default-99999999", "default-x", "other-1", "-1"]) {
    await service.ask.get(`/v1/clusters/default/decisions/${id}`).expect(404);
  }
});

test("the lattice shows two knobs, what is in force, and where it has been", async () => {
  const lattice = await ask("/v1/clusters/default/lattice");
  expect(lattice.cells).toHaveLength(lattice.y.values.length);
  for (const row of lattice.cells) expect(row).toHaveLength(lattice.x.values.length);
  expect(lattice.x.knob).toBe("instances.c5.large.onDemand");
  const at = (axis: { knob: string; values: unknown[] }) => axis.values.indexOf(lattice.inForce[axis.knob]);
  expect(lattice.cells[at(lattice.y)][at(lattice.x)]).toMatchObject({ windows: expect.any(Number) });
  const named = await ask("/v1/clusters/default/lattice?x=maxBatchSize&y=maxBatchDelayMs");
  expect([named.x.values, named.y.values]).toEqual([
    [1, 2],
    [0, 10, 20],
  ]);
  // A delay without a batch to wait for cannot run.
  expect(named.cells[1][0]).toBeNull();
  const refused = await service.ask.get("/v1/clusters/default/lattice?x=turbo").expect(400);
  expect(refused.body.errors[0]).toMatchObject({ found: "turbo" });
});

test("savings are worked out when asked for, beside the loop, with an interval", async () => {
  let savings = await ask("/v1/clusters/default/savings");
  expect(savings.status).toBe("computing");
  await service.until(async () => {
    savings = await ask("/v1/clusters/default/savings");
    return savings.result !== null;
  }, 120_000);
  const { result } = savings;
  expect(result.rule.name).toBe("mark");
  expect(result.rule.usd.low).toBeLessThanOrEqual(result.rule.usd.high);
  expect(result.savedShare.low).toBeLessThanOrEqual(result.savedShare.estimate);
  expect(result.costToBound).toBeGreaterThan(0.9);
}, 150_000);

test("the timeline is there again after a restart", async () => {
  const folder = service.folder;
  const before = await ask("/v1/clusters/default/timeline?points=2000");
  await service.service.close();
  service = await TestService.open({ cluster: { ...fastCluster, mode: "shadow" } }, folder);
  const after = await ask("/v1/clusters/default/timeline?points=2000");
  expect(after.timeS.slice(0, before.timeS.length)).toEqual(before.timeS);
  expect(after.forecastRps.slice(0, before.timeS.length)).toEqual(before.forecastRps);
}, 60_000);

test("one stream tells of every cluster, the latest of each a few times a second", async () => {
  const listening = await listen(service.service.app, { host: "127.0.0.1", port: 0, protected: false });
  try {
    const text = await new Promise<string>((resolve, reject) => {
      const request = get(`${listening.url}/v1/events`, (response) => {
        let read = "";
        response.on("data", (chunk: Buffer) => {
          read += chunk.toString("utf8");
          if (read.split("event: cluster").length < 3) return;
          request.destroy();
          resolve(read);
        });
      });
      request.on("error", reject);
    });
    expect(text.startsWith("id: 0\nevent: hello\n")).toBe(true);
    expect(text).toMatch(/event: cluster\ndata: \{"cluster":"default","id":"default-\d+"/);
  } finally {
    await listening.close(0);
  }
});

test("agents and export formats are told by name", async () => {
  const agents = (await ask("/v1/agents")).items;
  expect(agents).toEqual(expect.arrayContaining([expect.objectContaining({ name: "region-q", learns: true })]));
  expect(agents).toEqual(expect.arrayContaining([expect.objectContaining({ name: "mark", learns: false })]));
  expect((await ask("/v1/export-formats")).items).toContainEqual({ format: "json", mediaType: "application/json" });
});
