// Environments over HTTP speak gym-http-api: the same calls, the same answers.

import { inflateSync } from "node:zlib";
import { INSTANCE_LIMIT } from "../../src/http/index.ts";
import { Instance } from "../../src/http/instance.ts";
import { TestService } from "./service.ts";

let service: TestService;
beforeAll(async () => {
  service = await TestService.open();
});
afterAll(() => service.close());

interface Knob {
  readonly name: string;
  readonly values: readonly (number | string)[];
}

/** The knobs of an instance, and an action that takes the given share of the way along each. */
async function knobsOf(id: string): Promise<{ knobs: Knob[]; action: (share: number) => number[] }> {
  const { knobs } = (await service.ask.get(`/v1/envs/${id}/action_space/`).expect(200)).body as { knobs: Knob[] };
  return { knobs, action: (share) => knobs.map(({ values }) => Math.round(share * (values.length - 1))) };
}

async function create(body: object = { env_id: "trimtab/ImageDiurnal-v0" }): Promise<string> {
  const { body: made } = await service.ask.post("/v1/envs/").send(body).expect(200);
  return made.instance_id;
}

test("an episode goes: create, reset, step, close", async () => {
  const id = await create();
  expect((await service.ask.get("/v1/envs/").expect(200)).body).toEqual({
    envs: { [id]: "trimtab/ImageDiurnal-v0" },
    all_envs: { [id]: "trimtab/ImageDiurnal-v0" },
  });
  const space = (await service.ask.get(`/v1/envs/${id}/observation_space/`).expect(200)).body;
  expect(space.info).toMatchObject({ name: "Box", type: "Box", dtype: "float64" });
  expect(space.features).toHaveLength(space.info.shape[0]);
  const reset = (await service.ask.post(`/v1/envs/${id}/reset/`).send({ seed: 7 }).expect(200)).body;
  expect(reset.observation).toHaveLength(space.info.shape[0]);
  const { action } = (await service.ask.get(`/v1/envs/${id}/action_space/sample/`).expect(200)).body;
  const step = (await service.ask.post(`/v1/envs/${id}/step/`).send({ action }).expect(200)).body;
  expect(step).toMatchObject({ terminated: false, truncated: false, done: false });
  expect(step.observation).toHaveLength(space.info.shape[0]);
  expect(step.reward).toBeLessThan(0);
  expect(typeof step.info.rewardCost).toBe("number");
  await service.ask.delete(`/v1/envs/${id}/`).expect(204);
  await service.ask.post(`/v1/envs/${id}/step/`).send({ action }).expect(404);
});

test("every observation is in the space it is told to be in", async () => {
  const id = await create();
  const { observation } = (await service.ask.post(`/v1/envs/${id}/reset`).send({ seed: 3 }).expect(200)).body;
  const contains = (value: unknown) =>
    service.ask.post(`/v1/envs/${id}/observation_space/contains/`).send({ observation: value }).expect(200);
  expect((await contains(observation)).body).toEqual({ member: true });
  expect((await contains(observation.slice(1))).body).toEqual({ member: false });
  await service.ask.post(`/v1/envs/${id}/close/`).expect(204);
});

test("the same seed gives the same trajectory, another seed another", async () => {
  const play = async (seed: number): Promise<unknown> => {
    const id = await create();
    const trail = [(await service.ask.post(`/v1/envs/${id}/reset`).send({ seed })).body.observation];
    const { action } = await knobsOf(id);
    for (const share of [1, 0.5, 0.8]) {
      const { body } = await service.ask
        .post(`/v1/envs/${id}/step`)
        .send({ action: action(share) })
        .expect(200);
      trail.push([body.observation, body.reward]);
    }
    await service.ask.delete(`/v1/envs/${id}`).expect(204);
    return trail;
  };
  expect(await play(5)).toEqual(await play(5));
  expect(await play(5)).not.toEqual(await play(6));
});

test("a step before the first reset is refused and nothing has changed", async () => {
  const id = await create();
  const { body } = await service.ask
    .post(`/v1/envs/${id}/step/`)
    .send({ action: [1, 0, 0, 0, 0] })
    .expect(409);
  expect(body.code).toBe("E_STATE");
  expect(body.detail).toMatch(/expected a reset before the first step, found none/);
  expect(body.message).toBe(body.detail);
  await service.ask.post(`/v1/envs/${id}/reset/`).send({ seed: 1 }).expect(200);
  await service.ask.delete(`/v1/envs/${id}`).expect(204);
});

test("what is no action is refused by its place", async () => {
  const id = await create();
  await service.ask.post(`/v1/envs/${id}/reset`).send({ seed: 1 }).expect(200);
  const { knobs, action } = await knobsOf(id);
  const first = knobs[0]?.name ?? "";
  const [, ...rest] = action(0);
  const wrong: readonly (readonly [unknown, string])[] = [
    [rest, "length"],
    [[99, ...rest], `[0] ${first}`],
    [[1.5, ...rest], `[0] ${first}`],
    [[-1, ...rest], `[0] ${first}`],
    [{ [first]: 1 }, knobs[1]?.name ?? ""],
    ["up", "action"],
    [null, "action"],
  ];
  for (const [sent, path] of wrong) {
    const { body } = await service.ask.post(`/v1/envs/${id}/step`).send({ action: sent }).expect(400);
    expect(body.errors[0].path).toBe(path);
  }
  await service.ask.delete(`/v1/envs/${id}`).expect(204);
});

test("a configuration is an action too, with Infinity as JSON can say it", async () => {
  const id = await create();
  await service.ask.post(`/v1/envs/${id}/reset`).send({ seed: 1 }).expect(200);
  const { knobs } = await knobsOf(id);
  const action = Object.fromEntries(knobs.map(({ name, values }) => [name, values.at(-1)]));
  expect(action["offloadThresholdMs"]).toBe("Infinity");
  const { body } = await service.ask.post(`/v1/envs/${id}/step`).send({ action }).expect(200);
  expect(body.info.guarded).toBe(false);
  await service.ask.delete(`/v1/envs/${id}`).expect(204);
});

test("what is over the budget is taken back inside, and the step says so", async () => {
  const open = await service.service.services.scenarios.open("image-diurnal");
  const instance = new Instance("i", open.id, { ...open, budgetUsdPerHour: 1 }, null);
  await instance.reset(1);
  const most = open.lattice.knobs.map(({ values }) => values.length - 1);
  const { observation, info } = await instance.step(most);
  expect(info["guarded"]).toBe(true);
  expect(open.committedUsdPerHour(observation.inFlight ?? observation.configuration)).toBeLessThanOrEqual(1);
  await instance.close();
});

test("membership of actions is told as the lattice sees it", async () => {
  const id = await create();
  const { knobs, action } = await knobsOf(id);
  const member = async (text: string): Promise<boolean> =>
    (await service.ask.get(`/v1/envs/${id}/action_space/contains/${text}`).expect(200)).body.member;
  expect(await member(action(1).join())).toBe(true);
  expect(await member(`[${action(1).join()}]`)).toBe(true);
  // Batch 1 with a delay is no configuration of its own.
  const masked = knobs.map(({ name }) => (name === "maxBatchDelayMs" ? 1 : 0));
  expect(await member(masked.join())).toBe(false);
  expect(await member("0")).toBe(false);
  expect(await member("a,b")).toBe(false);
  await service.ask.delete(`/v1/envs/${id}`).expect(204);
});

test("episodes end where asked, by truncation", async () => {
  const id = await create({ env_id: "image-diurnal", max_episode_steps: 2 });
  await service.ask.post(`/v1/envs/${id}/reset`).send({ seed: 1 }).expect(200);
  const { action } = await knobsOf(id);
  const step = () =>
    service.ask
      .post(`/v1/envs/${id}/step`)
      .send({ action: action(0.6) })
      .expect(200);
  expect((await step()).body).toMatchObject({ truncated: false, done: false });
  expect((await step()).body).toMatchObject({ truncated: true, terminated: false, done: true });
  await service.ask.delete(`/v1/envs/${id}`).expect(204);
});

test("the compressed form holds the same numbers", async () => {
  const id = await create();
  const reset = (accept: string) =>
    service.ask.post(`/v1/envs/${id}/reset`).set("accept", accept).send({ seed: 9 }).expect(200);
  const plain = (await reset("application/json")).body.observation;
  const packed = (await reset("application/vnd.gym+zlib")).body.observation;
  const bytes = inflateSync(Buffer.from(packed.data, "base64"));
  expect(packed.type).toBe("float64");
  expect(plain).toEqual(Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readDoubleLE(i * 8)));
  await service.ask.delete(`/v1/envs/${id}`).expect(204);
});

test("an environment that does not exist is refused with those that do", async () => {
  const { body } = await service.ask.post("/v1/envs").send({ env_id: "CartPole-v1" }).expect(400);
  expect(body.errors[0]).toMatchObject({ path: "env_id", found: "CartPole-v1" });
  expect(body.errors[0].expected).toContain("trimtab/ImageDiurnal-v0");
});

test("there is a limit to the instances at a time", async () => {
  const ids: string[] = [];
  for (let i = 0; i < INSTANCE_LIMIT; i++) ids.push(await create());
  const { body } = await service.ask.post("/v1/envs").send({ env_id: "image-diurnal" }).expect(409);
  expect(body).toMatchObject({ code: "E_CONFLICT" });
  expect(body.detail).toContain(`expected fewer than ${INSTANCE_LIMIT} instances, found ${INSTANCE_LIMIT}`);
  for (const id of ids) await service.ask.delete(`/v1/envs/${id}`).expect(204);
});
