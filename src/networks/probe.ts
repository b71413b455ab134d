// A look at whether networks can be trained here: the smallest question there is, put to the engine that would train.

import { SeededRandom } from "../math/index.ts";
import { type BackendChoice, TENSORFLOW_VERSION } from "./backend.ts";
import { initialNetwork } from "./initial-network.ts";
import { Trainer } from "./trainer.ts";

/** What trains networks on this machine. */
export interface BackendProbe {
  /** Engine and version, such as "wasm 4.22.0". */
  readonly backend: string;
  /** Why it does not start; null where it does. */
  readonly fault: string | null;
}

/** Starts the engine once and lets it go. */
export function probeBackend(choice: BackendChoice): BackendProbe {
  const trainer = new Trainer(choice);
  const backend = `${trainer.backend} ${TENSORFLOW_VERSION}`;
  const network = initialNetwork({ inputs: 1, hidden: [], outputs: 1 }, new SeededRandom(1));
  const question = { rows: 1, features: Float32Array.of(1), sequence: new Float32Array() };
  try {
    trainer.ask({ scores: network, value: network }, question);
    return { backend, fault: null };
  } catch (error) {
    return { backend, fault: error instanceof Error ? error.message : String(error) };
  } finally {
    trainer.close();
  }
}
