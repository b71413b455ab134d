// The service killed at fifty random moments loses nothing it acknowledged.

import { killRepeatedly } from "../service/killing.ts";

test("killed 50 times, each restart comes up with every acknowledged record and the configuration in force", async () => {
  await killRepeatedly(50, 2);
}, 290_000);
