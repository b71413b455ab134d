// Which engine TensorFlow.js computes with: the native one where it is installed, else WebAssembly, else plain JavaScript.

import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { z } from "zod";

/** What may be asked for; `auto` takes the first of the others that is there. */
export const backendSchema = z.enum(["auto", "tensorflow", "wasm", "cpu"]);

/** What may be asked for. */
export type BackendChoice = z.infer<typeof backendSchema>;

/** An engine; each computes the same numbers from the same seed, but not the same as another to the last bit. */
export type Backend = Exclude<BackendChoice, "auto">;

/** Version of TensorFlow.js, as pinned. */
export const TENSORFLOW_VERSION = "4.22.0";

/** Whether the native engine, an optional dependency, is installed with what it is compiled to. It may still not start. */
function nativeInstalled(): boolean {
  try {
    const library = join(dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-node/package.json")), "lib");
    return readdirSync(library).some((folder) => existsSync(join(library, folder, "tfjs_binding.node")));
  } catch {
    return false;
  }
}

/** The engine a choice comes to on this machine. Loads nothing. */
export function backendOf(choice: BackendChoice): Backend {
  if (choice !== "auto") return choice;
  return nativeInstalled() ? "tensorflow" : "wasm";
}
