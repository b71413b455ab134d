// No request is lost, and none served twice against its mark, while servers are killed, hung and restarted at random.

import { benchGatewayChaos } from "../../bench/gateway/chaos.ts";

test("50,000 requests through dying servers: each gets its own answer or a reason, and none is served twice", async () => {
  const report = await benchGatewayChaos({ requests: 50_000, seed: 1, onProgress: () => {} });
  expect(report.firstLost).toEqual([]);
  expect(report).toMatchObject({ lost: 0, servedTwice: 0, servedByNobody: 0 });
  expect(report.served + report.turnedAway).toBe(50_000);
  // The servers did fail, and the gateway did try again; what it could not help is a small part.
  expect(report.kills * report.hangs * report.restarts * report.repeated).toBeGreaterThan(0);
  expect(report.turnedAway).toBeLessThan(0.1 * 50_000);
}, 900_000);
