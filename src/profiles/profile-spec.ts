// How a scenario names a profile: by name, by file, or by the parameters of a closed form.

import { z } from "zod";

const positive = z.number().positive().finite();
const nonNegative = z.number().nonnegative().finite();

/** A profile in a scenario, unknown keys refused. */
export const profileSchema = z.union([
  z.string().min(1),
  z.strictObject({
    /** CSV with any of device, cores, intraOpThreads, tensorParallel, memoryMb, batch; and serviceMs. */
    file: z.string().min(1),
    /** Rows of the file to take; the key the profile stands under when absent. */
    device: z.string().min(1).optional(),
  }),
  z.strictObject({ constantMs: positive }),
  z.strictObject({
    linear: z
      .strictObject({ baseMs: nonNegative, perItemMs: nonNegative })
      .refine(({ baseMs, perItemMs }) => baseMs + perItemMs > 0, "expected a time above 0, found 0"),
  }),
  z.strictObject({
    amdahl: z
      .strictObject({
        lambda: positive.default(1),
        alphaMs: nonNegative,
        betaMs: nonNegative.default(0),
        gammaMs: nonNegative.default(0),
        mbPerCore: positive.optional(),
        defaultCores: positive.optional(),
      })
      .refine(({ alphaMs, betaMs, gammaMs }) => alphaMs + betaMs + gammaMs > 0, "expected a time above 0, found 0"),
  }),
]);

/** A checked profile of a scenario. */
export type ProfileSpec = z.output<typeof profileSchema>;
