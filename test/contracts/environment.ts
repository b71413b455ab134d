// What every environment promises; the rules of Gymnasium's environment checker.

import type { Environment } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { toJson } from "../../src/spaces/index.ts";

/** Runs the contract over environments made by `create`. */
export function environmentContract(name: string, create: () => Promise<Environment>): void {
  describe(`environment ${name}`, () => {
    let environment: Environment;
    beforeEach(async () => {
      environment = await create();
    });
    afterEach(async () => {
      await environment.close();
    });

    test("a step before the first reset is refused", async () => {
      const configuration = environment.actionSpace.sample(new SeededRandom(1));
      await expect(environment.step({ configuration, reason: "test" })).rejects.toMatchObject({ code: "E_STATE" });
    });

    test("observations lie in the observation space, rewards are finite, and nothing terminates", async () => {
      const random = new SeededRandom(2);
      const { observation } = await environment.reset({ seed: 5 });
      expect(environment.observationSpace.contains(observation)).toBe(true);
      for (let step = 0; step < 5; step++) {
        const result = await environment.step({
          configuration: environment.actionSpace.sample(random),
          reason: "test",
        });
        expect(environment.observationSpace.contains(result.observation)).toBe(true);
        expect(Number.isFinite(result.reward)).toBe(true);
        expect(result.terminated).toBe(false);
        expect(typeof result.truncated).toBe("boolean");
      }
    });

    test("the same seed gives the same trajectory, another seed another", async () => {
      const trajectory = async (seed: number): Promise<string> => {
        const random = new SeededRandom(3);
        const seen: unknown[] = [(await environment.reset({ seed })).observation];
        for (let step = 0; step < 3; step++) {
          seen.push(await environment.step({ configuration: environment.actionSpace.sample(random), reason: "test" }));
        }
        return JSON.stringify(toJson(seen));
      };
      const first = await trajectory(7);
      expect(await trajectory(7)).toBe(first);
      expect(await trajectory(8)).not.toBe(first);
    });

    test("a reset without a seed goes on with the stream of chance, reproducibly", async () => {
      const pair = async (): Promise<string[]> => {
        const first = await environment.reset({ seed: 9 });
        const second = await environment.reset();
        return [first, second].map(({ observation }) => JSON.stringify(toJson(observation.metrics)));
      };
      const [first, second] = await pair();
      expect(second).not.toBe(first);
      expect(await pair()).toEqual([first, second]);
    });

    test("an action off the lattice is refused and changes nothing", async () => {
      const { observation } = await environment.reset({ seed: 4 });
      await expect(environment.step({ configuration: { nonsense: 1 }, reason: "test" })).rejects.toMatchObject({
        code: "E_CONFIG",
      });
      const { observation: next } = await environment.step({
        configuration: observation.configuration,
        reason: "test",
      });
      expect(next.configuration).toEqual(observation.configuration);
    });

    test("closing twice is quiet", async () => {
      await environment.close();
      await expect(environment.close()).resolves.toBeUndefined();
    });
  });
}
