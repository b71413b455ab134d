import { searches } from "../../src/optimizers/index.ts";
import { searchContract } from "./search.ts";

describe.each(searches.map((entry) => [entry.name, entry] as const))("search %s", (_name, entry) => {
  searchContract(entry);
});
