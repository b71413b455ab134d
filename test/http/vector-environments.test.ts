// Vector environments over HTTP keep Gymnasium's promises in each autoreset mode.

import { inflateSync } from "node:zlib";
import { TestService } from "./service.ts";

let service: TestService;
beforeAll(async () => {
  service = await TestService.open();
});
afterAll(() => service.close());

const ENVS = 2;

async function create(autoreset_mode: string, max_episode_steps = 2) {
  const body = { env_id: "trimtab/ImageDiurnal-v0", num_envs: ENVS, autoreset_mode, max_episode_steps };
  const { instance_id } = (await service.ask.post("/v1/vector_envs").send(body).expect(200)).body;
  const base = `/v1/vector_envs/${instance_id}`;
  const { info } = (await service.ask.get(`${base}/single_action_space/`).expect(200)).body;
  const action: number[] = info.nvec.map((values: number) => Math.floor(values / 2));
  const actions = Array.from({ length: ENVS }, () => action);
  return { base, actions };
}

const post = (path: string, body: object) => service.ask.post(path).send(body);

test("NextStep: the step after an end resets, whatever its action, with reward 0", async () => {
  const { base, actions } = await create("NextStep");
  await post(`${base}/reset`, { seed: 5 }).expect(200);
  expect((await post(`${base}/step`, { actions }).expect(200)).body.truncations).toEqual([false, false]);
  const ended = (await post(`${base}/step`, { actions }).expect(200)).body;
  expect(ended).toMatchObject({ truncations: [true, true], terminations: [false, false] });
  expect(ended.infos.final_obs).toBeUndefined();
  const reset = (await post(`${base}/step`, { actions }).expect(200)).body;
  expect(reset).toMatchObject({ rewards: [0, 0], truncations: [false, false] });
  expect(reset.infos).toMatchObject({ episode: [1, 1], _episode: [true, true] });
  await service.ask.delete(base).expect(204);
});

test("SameStep: the step that ends an episode resets at once and tells how it ended", async () => {
  const { base, actions } = await create("SameStep");
  await post(`${base}/reset`, { seed: 5 }).expect(200);
  await post(`${base}/step`, { actions }).expect(200);
  const { infos, truncations, observations, rewards } = (await post(`${base}/step`, { actions }).expect(200)).body;
  expect(truncations).toEqual([true, true]);
  expect(infos._final_obs).toEqual([true, true]);
  expect(infos.final_obs[0]).toHaveLength(observations[0].length);
  expect(infos.final_obs[0]).not.toEqual(observations[0]);
  expect(infos.final_info._rewardCost).toEqual([true, true]);
  expect(rewards[0]).toBeLessThan(0);
  await service.ask.delete(base).expect(204);
});

test("Disabled: ended environments wait for a reset of theirs", async () => {
  const { base, actions } = await create("Disabled", 1);
  await post(`${base}/reset`, { seed: [5, 9] }).expect(200);
  const { observations } = (await post(`${base}/step`, { actions }).expect(200)).body;
  const refused = (await post(`${base}/step`, { actions }).expect(409)).body;
  expect(refused.message).toMatch(/environment 0: expected a reset after its end/);
  const reset = (await post(`${base}/reset`, { options: { reset_mask: [true, false] } }).expect(200)).body;
  expect(reset.observations[1]).toEqual(observations[1]);
  expect(reset.observations[0]).not.toEqual(observations[0]);
  await post(`${base}/step`, { actions }).expect(409);
  await post(`${base}/reset`, { options: { reset_mask: [false, true] } }).expect(200);
  await post(`${base}/step`, { actions }).expect(200);
  await service.ask.delete(base).expect(204);
});

test("several steps in a request are the same steps, and a vector's environments those of their seeds", async () => {
  const one = await create("NextStep", 10);
  await post(`${one.base}/reset`, { seed: 5 }).expect(200);
  const together = (await post(`${one.base}/steps`, { actions: [one.actions, one.actions, one.actions] }).expect(200))
    .body.steps;
  const other = await create("NextStep", 10);
  await post(`${other.base}/reset`, { seed: [5, 6] }).expect(200);
  for (const step of together) {
    expect((await post(`${other.base}/step`, { actions: other.actions }).expect(200)).body).toEqual(step);
  }
  const { instance_id } = (await post("/v1/envs", { env_id: "image-diurnal" }).expect(200)).body;
  await post(`/v1/envs/${instance_id}/reset`, { seed: 6 }).expect(200);
  const single = (await post(`/v1/envs/${instance_id}/step`, { action: one.actions[0] ?? [] }).expect(200)).body;
  expect(single.observation).toEqual(together[0].observations[1]);
  expect(single.reward).toBe(together[0].rewards[1]);
  const packed = await service.ask
    .post(`${one.base}/reset`)
    .set("accept", "application/vnd.gym+zlib")
    .send({ seed: 5 });
  const bytes = inflateSync(Buffer.from(packed.body.observations.data, "base64"));
  expect(bytes.length).toBe(8 * ENVS * single.observation.length);
});

test("what does not fit is refused by its place, before any environment has moved", async () => {
  const { base, actions } = await create("NextStep");
  await post(`${base}/step`, { actions }).expect(409);
  await post(`${base}/reset`, { seed: 5 }).expect(200);
  const short = (await post(`${base}/step`, { actions: actions.slice(1) }).expect(400)).body;
  expect(short.errors[0]).toMatchObject({ path: "actions", expected: "2, one an environment", found: "1" });
  await post(`${base}/step`, { actions: [actions[0], [99]] }).expect(400);
  const { observations } = (await post(`${base}/step`, { actions }).expect(200)).body;
  await post(`${base}/reset`, { seed: 5 }).expect(200);
  expect((await post(`${base}/step`, { actions }).expect(200)).body.observations).toEqual(observations);
  await post("/v1/vector_envs", { env_id: "image-diurnal", num_envs: 65 }).expect(400);
});
