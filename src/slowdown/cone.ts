// The cone: what cannot work because less of it was tried already and drowned.
//
// over the SLO at utilisation > .9 with k model instances → every configuration that differs from it only in its delay
// and in having at most k model instances is blocked, for this load level and for at most 50 windows.

/** The parts of configurations a cone looks at; equal shapes [configurations]. */
export interface ConeColumns {
  readonly instances: Float64Array;
  /** Equal for configurations that differ in model instances and delay alone. */
  readonly group: Int32Array;
}

/** Windows after which a block is lifted: interference can break the assumption. */
const LIFETIME = 50;

/** Blocked configurations. */
export class Cone {
  readonly #columns: ConeColumns;
  /** Window until which each is blocked; shape [configurations]. */
  readonly #until: Float64Array;

  constructor(columns: ConeColumns) {
    this.#columns = columns;
    this.#until = new Float64Array(columns.group.length).fill(Number.NEGATIVE_INFINITY);
  }

  blocked(i: number, window: number): boolean {
    return (this.#until[i] ?? 0) > window;
  }

  /** Blocks configuration i alone. */
  blockOne(i: number, window: number): void {
    this.#until[i] = window + LIFETIME;
  }

  /** Blocks the cone below configuration i. */
  block(i: number, window: number): void {
    const { instances, group } = this.#columns;
    const k = instances[i] ?? 0;
    for (let j = 0; j < group.length; j++) {
      if (group[j] === group[i] && (instances[j] ?? 0) <= k) this.#until[j] = window + LIFETIME;
    }
  }

  clear(): void {
    this.#until.fill(Number.NEGATIVE_INFINITY);
  }

  /** Blocked configurations and until when. */
  save(): [number, number][] {
    return [...this.#until].flatMap((until, i) => (Number.isFinite(until) ? [[i, until] as [number, number]] : []));
  }

  restore(saved: readonly (readonly [number, number])[]): void {
    this.clear();
    for (const [i, until] of saved) this.#until[i] = until;
  }
}
