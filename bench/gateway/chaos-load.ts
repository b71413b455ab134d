// The client of the chaos run, a process of its own: numbers sent once each, and what came back for every one of them.
//
// Number n goes as one request that wants 2n back; odd numbers are marked idempotent. A fixed count is under way at a time.

import { Pool } from "undici";

/** What the client is told. */
export interface ChaosLoad {
  readonly url: string;
  readonly requests: number;
  readonly inFlight: number;
}

/** What became of the requests. */
export interface ChaosLoadResult {
  /** By number: 1 for its right answer, 2 for a clear refusal or failure of the gateway. Base64 of bytes. */
  readonly outcomes: string;
  /** Neither: a wrong answer, or no whole answer at all; the first few, described. */
  readonly faults: number;
  readonly firstFaults: readonly string[];
  /** Refusals and failures by their reason. */
  readonly reasons: Readonly<Record<string, number>>;
}

const RIGHT = 1;
const TURNED_AWAY = 2;
const SHOWN_FAULTS = 5;

class Client {
  readonly #load: ChaosLoad;
  readonly #pool: Pool;
  readonly #outcomes: Uint8Array;
  readonly #reasons: Record<string, number> = {};
  readonly #firstFaults: string[] = [];
  #faults = 0;
  #next = 0;

  constructor(load: ChaosLoad) {
    this.#load = load;
    this.#outcomes = new Uint8Array(load.requests);
    this.#pool = new Pool(load.url, { connections: load.inFlight, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  }

  async run(): Promise<ChaosLoadResult> {
    await Promise.all(Array.from({ length: this.#load.inFlight }, () => this.#worker()));
    await this.#pool.close();
    return {
      outcomes: Buffer.from(this.#outcomes).toString("base64"),
      faults: this.#faults,
      firstFaults: this.#firstFaults,
      reasons: this.#reasons,
    };
  }

  async #worker(): Promise<void> {
    while (this.#next < this.#load.requests) {
      const number = this.#next;
      this.#next += 1;
      try {
        await this.#send(number);
      } catch (error) {
        this.#fault(`${number}: ${String(error)}`);
      }
      if (number % 1000 === 0) process.send?.({ done: number });
    }
  }

  async #send(number: number): Promise<void> {
    const { statusCode, headers, body } = await this.#pool.request({
      path: "/v2/models/m/infer",
      method: "POST",
      headers: { "content-type": "application/json", "x-trimtab-idempotent": String(number % 2 === 1) },
      body: `{"id":"${number}","inputs":[{"name":"x","shape":[1,1],"datatype":"INT64","data":[${number}]}]}`,
    });
    const text = await body.text();
    if (statusCode === 200) this.#judge(number, text);
    else this.#turnedAway(number, headers["x-trimtab-reason"], text);
  }

  #judge(number: number, text: string): void {
    const answer: { id?: string; outputs?: { data: number[] }[] } = JSON.parse(text);
    const values = answer.outputs?.[0]?.data ?? [];
    if (answer.id === String(number) && values.length === 1 && values[0] === 2 * number) this.#outcomes[number] = RIGHT;
    else this.#fault(`${number}: expected ${2 * number}, found ${text}`);
  }

  #turnedAway(number: number, reason: string | string[] | undefined, text: string): void {
    const { error }: { error?: unknown } = JSON.parse(text);
    if (typeof error !== "string" || typeof reason !== "string") {
      this.#fault(`${number}: expected a reason, found ${text}`);
      return;
    }
    this.#outcomes[number] = TURNED_AWAY;
    this.#reasons[reason] = (this.#reasons[reason] ?? 0) + 1;
  }

  #fault(what: string): void {
    this.#faults += 1;
    if (this.#firstFaults.length < SHOWN_FAULTS) this.#firstFaults.push(what);
  }
}

process.once("message", (load: ChaosLoad) => {
  void new Client(load).run().then((result) => {
    process.send?.({ result }, () => process.disconnect());
  });
});
