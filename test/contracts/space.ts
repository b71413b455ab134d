// What every space promises.

import type { Space } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";

/** Runs the contract over a space made by `create`. */
export function spaceContract<T>(name: string, create: () => Promise<Space<T>>): void {
  describe(`space ${name}`, () => {
    test("samples are members, and encode to vectors of the stated length", async () => {
      const space = await create();
      const random = new SeededRandom(11);
      for (let i = 0; i < 100; i++) {
        const sample = space.sample(random);
        expect(space.contains(sample)).toBe(true);
        expect(space.encode(sample)).toHaveLength(space.size);
      }
    });

    test("encode after decode is the identity on vectors of members", async () => {
      const space = await create();
      const random = new SeededRandom(12);
      for (let i = 0; i < 100; i++) {
        const vector = space.encode(space.sample(random));
        expect(space.encode(space.decode(vector))).toEqual(vector);
      }
    });

    test("the same random gives the same samples", async () => {
      const space = await create();
      expect(space.sample(new SeededRandom(13))).toEqual(space.sample(new SeededRandom(13)));
    });

    test("a vector of another length is refused", async () => {
      const space = await create();
      expect(() => space.decode(new Float64Array(space.size + 1))).toThrow(/length: expected/);
    });

    test("what is no member is told so", async () => {
      const space = await create();
      for (const value of [null, 3, "x", {}, []]) expect(space.contains(value)).toBe(false);
    });
  });
}
