import { join } from "node:path";
import { type OpenScenario, openScenario } from "../../environments/index.ts";
import type { Checkpoint } from "../../src/store/index.ts";
import { encodeCheckpoint } from "../../src/store/index.ts";
import { train } from "../../src/training/index.ts";

let open: OpenScenario;

beforeAll(async () => {
  open = await openScenario(join(__dirname, "..", "fixtures", "tiny-fleet.yaml"), { dataFolder: null });
});

const bytes = (checkpoint: Checkpoint): string => Buffer.from(encodeCheckpoint(checkpoint)).toString("hex");

for (const agent of ["region-q", "q-table"]) {
  test(`${agent}: the same seed trains to the same bytes, another seed to others`, async () => {
    const first = await train(open, { agent, seed: 1, episodes: 2 });
    expect(bytes(await train(open, { agent, seed: 1, episodes: 2 }))).toBe(bytes(first));
    expect(bytes(await train(open, { agent, seed: 2, episodes: 2 }))).not.toBe(bytes(first));
  });

  test(`${agent}: interrupted after an episode and resumed, the bytes are those of one run`, async () => {
    const whole = await train(open, { agent, seed: 3, episodes: 3 });
    const half = await train(open, { agent, seed: 3, episodes: 1 });
    const resumed = await train(open, { agent, seed: 3, episodes: 3, resume: half });
    expect(bytes(resumed)).toBe(bytes(whole));
  });
}

test("a stop leaves the checkpoint of the last finished episode", async () => {
  const one = await train(open, { agent: "q-table", seed: 4, episodes: 1 });
  const stopped = await train(open, {
    agent: "q-table",
    seed: 4,
    episodes: 5,
    onStep: ({ episode, step }) => episode < 1 || step < 7,
  });
  expect(stopped.spec.training.episodes).toBe(1);
  expect(stopped.progress).toEqual(one.progress);
});

test("a checkpoint of another agent, environment or seed is not resumed", async () => {
  const resume = await train(open, { agent: "q-table", seed: 5, episodes: 1 });
  await expect(train(open, { agent: "region-q", seed: 5, episodes: 2, resume })).rejects.toThrow(
    /agent: expected region-q, found q-table/,
  );
  await expect(train(open, { agent: "q-table", seed: 6, episodes: 2, resume })).rejects.toThrow(
    /seed: expected 6, found 5/,
  );
  const foreign = { ...resume, environment: "trimtab/Other-v0" };
  await expect(train(open, { agent: "q-table", seed: 5, episodes: 2, resume: foreign })).rejects.toThrow(
    /environment: expected/,
  );
});
