import { optimizers } from "../../src/optimizers/index.ts";
import { optimizerContract } from "./optimizer.ts";

describe.each(optimizers.map((entry) => [entry.name, entry] as const))("optimizer %s", (_name, entry) => {
  optimizerContract(entry);
});
