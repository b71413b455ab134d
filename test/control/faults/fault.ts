// Something that goes wrong with a cluster under a real control loop: what the loop does, how soon the cluster is safe,
// and what must hold whatever goes wrong.

import type { Configuration, DecisionRecord } from "../../../src/core/index.ts";
import { knobLattice } from "../../../src/spaces/index.ts";
import { FakeCluster, fakeKnobs } from "../fake-cluster.ts";
import { Harness, type HarnessOptions, initial } from "../harness.ts";

/** Passes after which a fault that was not dealt with has failed its test. */
const MOST_PASSES = 40;

/** Passes until the agent of the harness is trusted to learn. */
const LEARNING_PASSES = 40;

/** One line of the fault table. */
export interface Fault {
  readonly name: string;
  /** What the service does, in words for the page. */
  readonly does: string;
  /** Seconds of cluster time, at windows of 60 s. @param folder for the store */
  readonly run: (folder: string) => Promise<Measured>;
}

/** What was measured of a fault. */
export interface Measured {
  /** From the fault to a known configuration in force with nothing more sent. */
  readonly safeAfterS: number;
  /** From the end of the fault to the first change that was wanted; null where it has no end. */
  readonly actsAgainS: number | null;
}

/** More machines than run, by one: a change no guard holds. */
export function oneMore({ configuration }: FakeCluster): Configuration {
  return { ...configuration, replicas: Math.min(8, Number(configuration["replicas"]) + 1) };
}

/** A loop that something happens to. */
export class FaultRun {
  readonly harness: Harness;
  readonly cluster: FakeCluster;
  readonly #records: DecisionRecord[] = [];
  #budgetUsdPerHour: number;
  /** Writes of before the budget was set. */
  #writtenBefore = 0;
  #sinceS = 0;

  private constructor(harness: Harness, budgetUsdPerHour: number) {
    this.harness = harness;
    this.cluster = harness.cluster;
    this.#budgetUsdPerHour = budgetUsdPerHour;
    harness.loop.subscribe((event) => {
      if (event.type === "decision") this.#records.push(event.record);
    });
  }

  static async open(
    folder: string,
    options: HarnessOptions = {},
    cluster = new FakeCluster(initial),
  ): Promise<FaultRun> {
    const budget = options.budgetUsdPerHour ?? Number.POSITIVE_INFINITY;
    return new FaultRun(await Harness.open(folder, cluster, options), budget);
  }

  /** A loop whose agent is trusted to learn: it has something to lose. */
  static async trusted(folder: string, options: HarnessOptions = {}): Promise<FaultRun> {
    const run = await FaultRun.open(folder, options);
    for (let pass = 0; run.harness.agent.trust.trust !== "learning"; pass++) {
      if (pass > LEARNING_PASSES) throw new Error("expected an agent trusted to learn, found one that is not");
      await run.harness.pass();
    }
    return run;
  }

  /** The fault begins now, between two passes. */
  begin(): void {
    this.#sinceS = this.cluster.timeS;
  }

  /** Seconds from the fault to the first record that is as it should be. */
  async until(safe: (record: DecisionRecord) => boolean): Promise<number> {
    for (let pass = 0; pass < MOST_PASSES; pass++) {
      const record = await this.harness.pass();
      if (safe(record)) return this.cluster.timeS - this.#sinceS;
    }
    throw new Error(
      `expected it to be safe within ${MOST_PASSES} passes, found ${JSON.stringify(this.#records.at(-1))}`,
    );
  }

  /** Has something wanted, by the optimizer: the agent's word does not count until it has watched anew. */
  want(configuration: Configuration): void {
    this.harness.optimizer.wanted = configuration;
    this.harness.agent.watch(this.cluster.timeS, null, "the test asks the optimizer");
  }

  /** Passes in which nothing may be written, something else being wanted all along. */
  async quietFor(passes: number): Promise<void> {
    const written = this.cluster.writes.length;
    for (let pass = 0; pass < passes; pass++) {
      this.want(oneMore(this.cluster));
      await this.harness.pass();
    }
    expect(this.cluster.writes).toHaveLength(written);
  }

  /** The fault ends now. @returns seconds to the first change that is wanted */
  async actsAgain(): Promise<number> {
    this.begin();
    this.want(oneMore(this.cluster));
    return this.until(({ outcome }) => outcome === "applied");
  }

  /** The operator's word, which every write from now on is held to. */
  async setBudget(usdPerHour: number): Promise<void> {
    this.#budgetUsdPerHour = usdPerHour;
    await this.harness.loop.setBudget(usdPerHour);
    this.#writtenBefore = this.cluster.writes.length;
  }

  /** Every write inside bounds and budget, every record told of on the log and in order. */
  async close(): Promise<void> {
    const lattice = knobLattice(fakeKnobs);
    this.cluster.writes.forEach(({ configuration }, i) => {
      expect(lattice.contains(configuration)).toBe(true);
      if (i >= this.#writtenBefore)
        expect(Number(configuration["replicas"])).toBeLessThanOrEqual(this.#budgetUsdPerHour);
    });
    const { decisions } = this.harness.logs;
    const kept = (await decisions.read(0, decisions.length)).map(({ record }) => record);
    const told = this.#records.map((record): unknown => JSON.parse(JSON.stringify(record)));
    expect(kept.slice(kept.length - told.length)).toEqual(told);
    expect(kept.map((record) => (record as { id: string }).id)).toEqual(kept.map((_, i) => `default-${i}`));
    await this.harness.close();
  }
}

/** Whether a record holds what ran and sends nothing. */
export function held({ outcome, applied }: DecisionRecord): boolean {
  return (outcome === "held" || outcome === "failed" || outcome === "refused") && applied !== null;
}
