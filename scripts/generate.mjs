// Writes what is derived from the contract: the types the dashboard is checked against. They are not kept: what is made
// anew for each check is never out of date.
//
//   node scripts/generate.mjs types

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";
import { pino } from "pino";
import { listen, openService } from "../dist/src/http/index.js";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The contract, as a service without clusters tells it. */
async function readContract() {
  const storeFolder = await mkdtemp(join(tmpdir(), "trimtab-generate-"));
  const log = pino({ level: "silent" });
  const options = { storeFolder, version: "unreleased", dataFolder: null, token: null, log, cluster: null };
  const service = await openService({ ...options, processMetrics: false });
  const listening = await listen(service.app, { host: "127.0.0.1", port: 0, protected: false });
  try {
    return await (await fetch(`${listening.url}/openapi.json`)).json();
  } finally {
    await listening.close(0);
    await service.close();
    await rm(storeFolder, { recursive: true, force: true });
  }
}

const makers = {
  types: async () => {
    const types = astToString(await openapiTS(await readContract()));
    await writeFile(
      join(root, "web", "src", "api-types.ts"),
      `// Types of the API, made from its contract by scripts/generate.mjs.\n\n${types}`,
    );
  },
};

const [name = "types"] = process.argv.slice(2);
const make = makers[name];
if (make === undefined) {
  process.stderr.write(`generate: expected one of ${Object.keys(makers).join(", ")}, found ${name}\n`);
  process.exitCode = 2;
} else {
  await make();
}
