// Draws the class, size and buffer of each request where requests differ.

import type { Random } from "../core/index.ts";
import type { SimulationPlan } from "./plan.ts";
import { ServiceNoise } from "./service-times.ts";

/** What a request is like; `draw` fills in the fields for the next one. */
export class RequestMix {
  requestClass = 0;
  size = 1;
  buffer = 0;
  /** False where a request must not be offloaded by predicted wait. */
  offloadable = true;
  /** Whether requests differ at all. */
  readonly varied: boolean;
  readonly #random: Random;
  readonly #noise: readonly ServiceNoise[];
  readonly #cumulative: Float64Array;
  readonly #means: Float64Array;
  readonly #offloadable: readonly boolean[];
  readonly #bounds: Float64Array;

  constructor(plan: SimulationPlan, random: Random) {
    const { classes } = plan;
    this.#random = random;
    this.#noise = classes.map(
      ({ size }) =>
        new ServiceNoise(
          {
            ...plan.reality,
            serviceDistribution: "lognormal",
            serviceCv: size.cv,
            stragglers: { share: 0, factor: 1 },
          },
          random,
        ),
    );
    let sum = 0;
    this.#cumulative = Float64Array.from(classes, ({ share }) => {
      sum += share;
      return sum;
    });
    this.#means = Float64Array.from(classes, ({ size }) => size.mean);
    const anyStrict = classes.some(({ strict }) => strict);
    this.#offloadable = classes.map(({ strict }) => strict || !anyStrict);
    this.#bounds = Float64Array.from(plan.buffers?.sizeBounds ?? []);
    const [first] = classes;
    this.varied =
      classes.length > 1 ||
      this.#bounds.length > 0 ||
      (first !== undefined && (first.size.cv > 0 || first.size.mean !== 1 || (first.sloRatio ?? 1) !== 1));
  }

  /** Number of batching buffers. */
  get buffers(): number {
    return this.#bounds.length + 1;
  }

  /** Draws the next request. */
  draw(): void {
    let requestClass = 0;
    const last = this.#cumulative.length - 1;
    if (last > 0) {
      const u = this.#random.next() * (this.#cumulative[last] ?? 1);
      while (requestClass < last && (this.#cumulative[requestClass] ?? 1) <= u) requestClass += 1;
    }
    this.requestClass = requestClass;
    this.size = (this.#means[requestClass] ?? 1) * (this.#noise[requestClass]?.next() ?? 1);
    this.offloadable = this.#offloadable[requestClass] ?? true;
    this.buffer = this.bufferOf(this.size);
  }

  /** The batching buffer for a size. */
  bufferOf(size: number): number {
    let buffer = 0;
    while (buffer < this.#bounds.length && size > (this.#bounds[buffer] ?? 0)) buffer += 1;
    return buffer;
  }
}
