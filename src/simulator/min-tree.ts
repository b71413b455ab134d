// A tournament tree: the smallest of many keys, any of which changes in O(log n).

/** Keys by index, all Infinity at first; grows as needed. */
export class MinTree {
  #leaves = 16;
  #keys = new Float64Array(32).fill(Number.POSITIVE_INFINITY);

  /** The smallest key; Infinity when none was set. */
  get min(): number {
    return this.#keys[1] ?? Number.POSITIVE_INFINITY;
  }

  get(index: number): number {
    return index < this.#leaves ? (this.#keys[this.#leaves + index] ?? 0) : Number.POSITIVE_INFINITY;
  }

  set(index: number, key: number): void {
    while (index >= this.#leaves) this.#grow();
    const keys = this.#keys;
    let node = this.#leaves + index;
    keys[node] = key;
    while (node > 1) {
      const parent = node >> 1;
      const left = keys[node & ~1] ?? 0;
      const right = keys[node | 1] ?? 0;
      const smallest = Math.min(left, right);
      if (keys[parent] === smallest) return;
      keys[parent] = smallest;
      node = parent;
    }
  }

  /** Lowest index with the smallest key; -1 when every key is Infinity. */
  argmin(): number {
    const keys = this.#keys;
    const smallest = keys[1] ?? Number.POSITIVE_INFINITY;
    if (smallest === Number.POSITIVE_INFINITY) return -1;
    let node = 1;
    while (node < this.#leaves) {
      node *= 2;
      if (keys[node] !== smallest) node += 1;
    }
    return node - this.#leaves;
  }

  #grow(): void {
    const old = this.#keys;
    const oldLeaves = this.#leaves;
    this.#leaves = oldLeaves * 2;
    this.#keys = new Float64Array(this.#leaves * 2).fill(Number.POSITIVE_INFINITY);
    for (let i = 0; i < oldLeaves; i++) this.set(i, old[oldLeaves + i] ?? Number.POSITIVE_INFINITY);
  }
}
