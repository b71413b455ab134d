// Chance by key: the same key brings the same draws, whoever asks and however much was drawn before.
//
// at(key):  a = mix(turn ^ mix(low(key) ^ salt0) ^ high(key)),  b = mix(a ^ salt1),  n = 0
// next():   n += 1;  bits(mix(a + n·φ), mix(b + n·φ)) as a double in [0, 1),  φ = 0x9e3779b9
// Sources: MurmurHash3's finaliser for mix; J. Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011,
//          for streams that are counted instead of stepped.
// Differs: the key is a double; one asked for again at once is told apart by its turn, as requests of one moment are.

import type { Random } from "../core/index.ts";
import { mix, SeededRandom, unitOf } from "./seeded-random.ts";

const STEP = 0x9e3779b9;

/** A stream of chance for every key, of which one is open at a time. */
export class KeyedRandom implements Random {
  readonly #seed: number;
  readonly #salt0: number;
  readonly #salt1: number;
  readonly #key = new Float64Array(1);
  readonly #halves = new Int32Array(this.#key.buffer);
  #openKey = Number.NaN;
  #turn = 0;
  #a = 0;
  #b = 0;

  /** @param random gives the salt; two that were salted alike agree on every key */
  constructor(random: Random) {
    this.#seed = Math.floor(random.next() * 2 ** 53);
    this.#salt0 = mix(this.#seed ^ 0x7f4a7c15);
    this.#salt1 = mix(Math.floor(this.#seed / 2 ** 32) ^ 0x94d049bb);
  }

  /** Opens the stream of a key. */
  at(key: number): this {
    this.#turn = key === this.#openKey ? this.#turn + 1 : 0;
    this.#openKey = key;
    this.#key[0] = key;
    const low = this.#halves[0] ?? 0;
    const high = this.#halves[1] ?? 0;
    this.#a = mix(Math.imul(this.#turn, STEP) ^ mix(low ^ this.#salt0) ^ high);
    this.#b = mix(this.#a ^ this.#salt1);
    return this;
  }

  next(): number {
    this.#a = (this.#a + STEP) | 0;
    this.#b = (this.#b + STEP) | 0;
    return unitOf(mix(this.#a), mix(this.#b));
  }

  /** A stream of its own in turn: depends on the salt and the label alone. */
  split(label: string): SeededRandom {
    return new SeededRandom(this.#seed).split(label);
  }
}
