// Explanations: what was seen, what is expected, why not the runner-up, what would change its mind.

import type { DecisionRecord, Explanation } from "../../src/core/index.ts";
import { FakeCluster } from "./fake-cluster.ts";
import { Harness, type HarnessOptions, initial, temporaryFolder } from "./harness.ts";

const folder = temporaryFolder();

async function explained(
  wanted: { readonly replicas: number; readonly maxBatchSize: number } | null,
  options: HarnessOptions = {},
  rateRps = 100,
): Promise<{ record: DecisionRecord; explanation: Explanation }> {
  const cluster = new FakeCluster(initial);
  cluster.rateRps = rateRps;
  const harness = await Harness.open(folder.path, cluster, options);
  harness.optimizer.wanted = wanted;
  const record = await harness.pass();
  await harness.close();
  if (record.explanation === null) throw new Error("expected an explanation, found none");
  return { record, explanation: record.explanation };
}

test("a change says what was seen, what is expected of it, and what leaving things would come to", async () => {
  const { explanation } = await explained({ replicas: 5, maxBatchSize: 1 });
  expect(explanation.saw).toBe(
    "100.0 requests/s, 100.0 expected (damped-trend); p99 20 ms of at most 100 ms, 0.00 % late; utilization 50 %; 4.00 USD/h; running replicas=4 maxBatchSize=1",
  );
  expect(explanation.expects).toBe("p99 20 ms at 5.00 USD/h; left as it is: p99 20 ms at 4.00 USD/h");
  expect(explanation.text).toContain("replicas 4 → 5: wishful: as wished.");
});

test("a held configuration says why not one step cheaper: it would not keep up", async () => {
  // A replica serves 40 a second: three serve 120.
  const { explanation } = await explained(null, {}, 130);
  expect(explanation.runnerUp).toMatchObject({
    by: "one step cheaper",
    configuration: { replicas: 3, maxBatchSize: 1 },
    expected: { costUsdPerHour: 3 },
    why: "expected not to keep up with 130.0 requests/s",
  });
  expect(explanation.text).toContain("Nothing is changed: wishful: as wished.");
});

test("the voice that lost says so, with the trust it lacks and what its choice would have come to", async () => {
  const { explanation } = await explained({ replicas: 5, maxBatchSize: 1 });
  expect(explanation.runnerUp?.by).toBe("q-table");
  expect(explanation.runnerUp?.why).toMatch(/^its trust is bootstrapping \(nothing learnt yet\); /);
});

test("the load that would break the choice is named, near where the model has it", async () => {
  // Four replicas serve 160 a second.
  const { explanation } = await explained(null, {}, 100);
  const [ceiling] = explanation.changesMind.flatMap((one) => /a load above ([\d.]+) requests/.exec(one)?.[1] ?? []);
  expect(Number(ceiling)).toBeGreaterThan(150);
  expect(Number(ceiling)).toBeLessThanOrEqual(160);
});

test("guards, mode and trust are among what would change it", async () => {
  const { explanation } = await explained({ replicas: 8, maxBatchSize: 1 }, { mode: "advisory" });
  expect(explanation.changesMind).toContainEqual(
    expect.stringMatching(/^the guard step-limit letting go: too far in one/),
  );
  expect(explanation.changesMind).toContainEqual("a mode above advisory: nothing is written in it");
  expect(explanation.changesMind).toContainEqual(
    expect.stringMatching(/^the learned policy earning trust: it is boot/),
  );
  expect(explanation.runnerUp).toMatchObject({
    by: "wishful",
    why: expect.stringMatching(/^held back by the guards; /),
  });
});

test("a pass that saw nothing has nothing to explain, and says why it holds", async () => {
  const harness = await Harness.open(folder.path, new FakeCluster(initial));
  harness.cluster.nextObservation = new Error("no metrics");
  expect(await harness.pass()).toMatchObject({ explanation: null, reason: "no metrics; the configuration is held" });
  await harness.close();
});

test("a model that fails does not stop the decision, and the explanation says it cannot say", async () => {
  const harness = await Harness.open(folder.path, new FakeCluster(initial));
  harness.optimizer.wanted = { replicas: 5, maxBatchSize: 1 };
  jest.spyOn(harness.context.model, "predict").mockImplementation(() => {
    throw new Error("no such host");
  });
  const record = await harness.pass();
  expect(record).toMatchObject({ outcome: "applied", expected: null, explanation: { expects: null } });
  expect(record.explanation?.text).toContain("The model cannot say what to expect.");
  jest.restoreAllMocks();
  await harness.close();
});
