// Draws the class, size and buffer of each request where requests differ, a block at a time.

import type { Random } from "../core/index.ts";
import { normal } from "../math/index.ts";
import type { SimulationPlan } from "./plan.ts";

const BLOCK = 256;

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
  /** Cumulative shares, shape [classes]. */
  readonly #cumulative: Float64Array;
  /** Mean size, and standard deviation of its logarithm, shape [classes]. */
  readonly #means: Float64Array;
  readonly #sigmas: Float64Array;
  /** Shape [classes]. */
  readonly #offloadable: readonly boolean[];
  readonly #bounds: Float64Array;
  readonly #classes = new Uint8Array(BLOCK);
  readonly #sizes = new Float64Array(BLOCK);
  readonly #buffers = new Uint8Array(BLOCK);
  #used = BLOCK;

  constructor(plan: SimulationPlan, random: Random) {
    const { classes } = plan;
    this.#random = random;
    let sum = 0;
    this.#cumulative = Float64Array.from(classes, ({ share }) => {
      sum += share;
      return sum;
    });
    this.#means = Float64Array.from(classes, ({ size }) => size.mean);
    this.#sigmas = Float64Array.from(classes, ({ size }) => Math.sqrt(Math.log1p(size.cv ** 2)));
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
  get bufferCount(): number {
    return this.#bounds.length + 1;
  }

  /** Draws the next request. */
  draw(): void {
    if (this.#used === BLOCK) this.#fill();
    const i = this.#used++;
    const requestClass = this.#classes[i] ?? 0;
    this.requestClass = requestClass;
    this.size = this.#sizes[i] ?? 1;
    this.buffer = this.#buffers[i] ?? 0;
    this.offloadable = this.#offloadable[requestClass] ?? true;
  }

  /** The batching buffer for a size. */
  bufferOf(size: number): number {
    const bounds = this.#bounds;
    let buffer = 0;
    while (buffer < bounds.length && size > (bounds[buffer] ?? 0)) buffer += 1;
    return buffer;
  }

  #fill(): void {
    const random = this.#random;
    const cumulative = this.#cumulative;
    const last = cumulative.length - 1;
    const total = cumulative[last] ?? 1;
    this.#used = 0;
    for (let i = 0; i < BLOCK; i++) {
      let requestClass = 0;
      if (last > 0) {
        const u = random.next() * total;
        while (requestClass < last && (cumulative[requestClass] ?? 1) <= u) requestClass += 1;
      }
      const sigma = this.#sigmas[requestClass] ?? 0;
      let size = this.#means[requestClass] ?? 1;
      if (sigma > 0) size *= Math.exp(sigma * normal(random) - (sigma * sigma) / 2);
      this.#classes[i] = requestClass;
      this.#sizes[i] = size;
      this.#buffers[i] = this.bufferOf(size);
    }
  }
}
