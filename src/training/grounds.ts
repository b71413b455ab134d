// What a policy went by over a run: the opening of its reasons, each time it changed.

/** From when on a policy went by what. */
export interface Ground {
  readonly sinceS: number;
  /** Its reasons up to their first colon. */
  readonly text: string;
}

/** Openings kept; reasons that open otherwise at every step tell nothing by it. */
const MOST = 1000;

/** Gathers what a policy goes by. */
export class Grounds {
  readonly #shiftS: number;
  readonly #all: Ground[] = [];

  /** @param shiftS added to times */
  constructor(shiftS: number) {
    this.#shiftS = shiftS;
  }

  /** Takes in the reason of a decision. */
  add(timeS: number, reason: string): void {
    const [text = ""] = reason.split(": ", 1);
    if (this.#all.length < MOST && this.#all.at(-1)?.text !== text)
      this.#all.push({ sinceS: timeS + this.#shiftS, text });
  }

  get all(): readonly Ground[] {
    return this.#all;
  }
}
