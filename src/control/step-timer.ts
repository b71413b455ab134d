// Times the steps of a pass, each under its own name.

/** The steps of a pass, in order. */
export const stepNames = [
  "observe",
  "forecast",
  "propose",
  "guard",
  "decide",
  "explain",
  "apply",
  "verify",
  "record",
  "learn",
] as const;

/** One step of a pass. */
export type StepName = (typeof stepNames)[number];

/** Durations of the steps of one pass. */
export class StepTimer {
  readonly #nowMicros: () => number;
  readonly #micros: Partial<Record<StepName, number>> = {};

  constructor(nowMicros: () => number) {
    this.#nowMicros = nowMicros;
  }

  /** Runs a step, synchronous or not, and notes how long it took, also when it throws. */
  async time<T>(step: StepName, run: () => T | Promise<T>): Promise<T> {
    const started = this.#nowMicros();
    try {
      return await run();
    } finally {
      this.#micros[step] = (this.#micros[step] ?? 0) + Math.max(0, this.#nowMicros() - started);
    }
  }

  /** What was timed so far, in microseconds. */
  get micros(): Readonly<Partial<Record<StepName, number>>> {
    return { ...this.#micros };
  }
}
