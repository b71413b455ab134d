// The service killed at random moments loses nothing it acknowledged; fifty kills are in test/integration.

import { killRepeatedly } from "./killing.ts";

test("killed 6 times, each restart comes up with every acknowledged record and the configuration in force", async () => {
  await killRepeatedly(6, 1);
}, 120_000);
