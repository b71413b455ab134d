// The seeded random tree: xoshiro128** streams, split by label.
//
// next:  result = rotl(s1 * 5, 7) * 9; s advances by the xoshiro128 linear engine
// Source: D. Blackman, S. Vigna, "Scrambled Linear Pseudorandom Number Generators", ACM TOMS 2021.
// Differs: two 32-bit outputs make one double with 53 random bits; streams are split by hashing
// (key, label) with MurmurHash3's finaliser instead of by jumps, so that adding a consumer moves no other.

import type { Random } from "../core/index.ts";

const TWO_POW_MINUS_53 = 2 ** -53;

/** MurmurHash3's finaliser: every bit of the result depends on every bit of a 32-bit integer. */
export function mix(hash: number): number {
  let h = hash | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}

/** 53 of 64 random bits as a double in [0, 1). */
export function unitOf(high: number, low: number): number {
  return ((high >>> 5) * 67108864 + (low >>> 6)) * TWO_POW_MINUS_53;
}

/** A stream of chance fixed by its key. State is 16 bytes and can be saved and restored. */
export class SeededRandom implements Random {
  readonly #key: number;
  readonly #low: number;
  #s0 = 0;
  #s1 = 0;
  #s2 = 0;
  #s3 = 0;

  /** @param seed any integer; its low 53 bits count */
  constructor(seed: number, low = Math.floor(seed / 2 ** 32)) {
    this.#key = seed | 0;
    this.#low = low | 0;
    this.#s0 = mix(this.#key ^ 0x9e3779b9);
    this.#s1 = mix(this.#s0 ^ this.#low ^ 0x7f4a7c15);
    this.#s2 = mix(this.#s1 ^ 0x94d049bb);
    this.#s3 = mix(this.#s2 ^ 0x2545f491) | 1;
  }

  /** 32 random bits as an unsigned integer. */
  bits(): number {
    const s1 = this.#s1;
    const scrambled = Math.imul(s1, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
    const shifted = s1 << 9;
    this.#s2 ^= this.#s0;
    this.#s3 ^= s1;
    this.#s1 ^= this.#s2;
    this.#s0 ^= this.#s3;
    this.#s2 ^= shifted;
    this.#s3 = (this.#s3 << 11) | (this.#s3 >>> 21);
    return result >>> 0;
  }

  next(): number {
    const high = this.bits();
    return unitOf(high, this.bits());
  }

  split(label: string): SeededRandom {
    let a = this.#key ^ 0x51ed270b;
    let b = this.#low ^ 0x3c6ef372;
    for (let i = 0; i < label.length; i++) {
      const code = label.charCodeAt(i);
      a = mix(a ^ Math.imul(code + 1, 0xcc9e2d51));
      b = mix((b + a) ^ Math.imul(code + 7, 0x1b873593));
    }
    return new SeededRandom(mix(a ^ label.length), mix(b ^ a));
  }

  /** The position in the stream, shape [4]. */
  save(): number[] {
    return [this.#s0, this.#s1, this.#s2, this.#s3];
  }

  /** Goes to a saved position, shape [4]. */
  restore(state: ArrayLike<number>): void {
    [this.#s0, this.#s1, this.#s2, this.#s3] = [state[0] ?? 0, state[1] ?? 0, state[2] ?? 0, state[3] ?? 1];
  }
}

/** Uniform integer in [0, n). */
export function randomInteger(random: Random, n: number): number {
  return Math.floor(random.next() * n);
}
