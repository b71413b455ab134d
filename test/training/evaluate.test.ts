import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OpenScenario, openScenario } from "../../environments/index.ts";
import { writeCheckpoint } from "../../src/store/index.ts";
import { type Evaluation, evaluate, train } from "../../src/training/index.ts";
import { findPolicy } from "../../src/training/policies.ts";
import { runPolicy } from "../../src/training/run-policy.ts";

let folder: string;
let checkpoint: string;
let open: OpenScenario;
let evaluation: Evaluation;

const options = { seeds: [1, 2], nowMs: () => 0 };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "trimtab-evaluate-"));
  checkpoint = join(folder, "trained");
  open = await openScenario(join(__dirname, "..", "fixtures", "tiny-fleet.yaml"), { dataFolder: null });
  await writeCheckpoint(checkpoint, await train(open, { agent: "region-q", seed: 1, episodes: 2 }));
  evaluation = await evaluate(open, { ...options, policies: ["static", "reactive", "mark", checkpoint], bound: true });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("every policy sees the same arrivals: rates times scored time, within 99.9 % of their spread", () => {
  expect(evaluation.policies.map((policy) => policy.name)).toEqual(["static", "reactive", "mark", checkpoint]);
  const expected = 25 * (7200 - 1800);
  // Rates 15 and 45 in thirds 2:1 of the time; the sojourns' randomness dominates: sd about 30·sqrt(2·200·5400·(2/9)).
  const spread = (30 * Math.sqrt(2 * 200 * 5400 * (2 / 9))) / Math.sqrt(options.seeds.length);
  expect(Math.abs(evaluation.requests - expected)).toBeLessThan(3.29 * spread);
});

test("the bounds are in order, and no policy that dropped nothing costs less than lp", () => {
  const { lpUsd, integerLateUsd, integerUsd, clairvoyantUsd } = evaluation.bound;
  expect(lpUsd).toBeGreaterThan(0);
  expect(integerLateUsd).toBeLessThanOrEqual(integerUsd ?? 0);
  expect(integerUsd).toBeLessThanOrEqual(clairvoyantUsd ?? 0);
  for (const policy of evaluation.policies.filter((one) => one.dropped === 0)) {
    expect(policy.usd).toBeGreaterThan(lpUsd ?? Number.POSITIVE_INFINITY);
  }
});

test("no policy that met its SLO costs less than integerLate", () => {
  for (const policy of evaluation.policies.filter((one) => one.met)) {
    expect(policy.usd).toBeGreaterThan(evaluation.bound.integerLateUsd ?? Number.POSITIVE_INFINITY);
  }
});

test("an evaluation repeated is the same to the byte, decision times apart", async () => {
  const again = await evaluate(open, { ...options, policies: ["static", "reactive", "mark", checkpoint], bound: true });
  expect(JSON.stringify(again)).toBe(JSON.stringify(evaluation));
});

test("a static fleet costs its machines for the scored time, to the cent", async () => {
  const { policies } = await evaluate(open, { ...options, policies: ["static"], bound: false });
  expect(policies[0]?.instanceHours["c5.large"]).toBeCloseTo(12 * 1.5, 6);
});

test("a run that may end at the first miss ends there, and one that passes is the same to the byte", async () => {
  const run = async (name: string, untilMiss: boolean) =>
    runPolicy(open, await findPolicy(name), 1, { nowMs: () => 0, untilMiss });
  expect(await run("static", true)).toEqual(await run("static", false));
  const [ended, whole] = [await run("static-best:servers=0", true), await run("static-best:servers=0", false)];
  expect([ended.stopped, whole.stopped]).toEqual([true, false]);
  expect(ended.decisions).toBeLessThan(whole.decisions);
});

test("an unknown policy is refused before anything runs, with the names there are", async () => {
  await expect(evaluate(open, { ...options, policies: ["static", "nothing"], bound: false })).rejects.toThrow(
    /policy: expected one of .*mark.*<checkpoint file>, found "nothing"/,
  );
});

test("a checkpoint of another environment is refused before anything runs", async () => {
  const other = await openScenario("image-mmpp", { dataFolder: null });
  await expect(evaluate(other, { ...options, policies: [checkpoint], bound: false })).rejects.toThrow(
    /expected a policy for trimtab\/ImageMmpp-v0, found one for trimtab\/TinyFleet-v0/,
  );
});
