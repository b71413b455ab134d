// A seeded source of chance, handed to whatever needs it; there is no other source.

/** A stream of numbers fixed by its seed; independent streams are split off by label. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** A stream that depends on the seed and the labels alone, never on how much was drawn before. */
  split(label: string): Random;
}
