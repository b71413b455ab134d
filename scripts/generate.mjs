// Writes what is derived from the contract.
//
//   node scripts/generate.mjs types   what the dashboard is checked against; made anew for each check, so not kept
//   node scripts/generate.mjs api     docs/api.md on standard output
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

function tableOf(operations) {
  const lines = operations.map(([method, path, { summary }]) => `| \`${method.toUpperCase()} ${path}\` | ${summary} |`);
  return ["| route | what it does |", "|---|---|", ...lines].join("\n");
}

/** Every route by what it is about, in the words of the contract. */
function apiPage({ paths }) {
  const groups = new Map();
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const [tag = "other"] = operation.tags ?? [];
      groups.set(tag, [...(groups.get(tag) ?? []), [method, path, operation]]);
    }
  }
  const sections = [...groups].map(([tag, operations]) => `## ${tag}\n\n${tableOf(operations)}\n`);
  return `# API

Made by \`node scripts/generate.mjs api\` from the contract, which a running service tells whole: \`/openapi.json\` for programs,
\`/docs\` for people. The same schemas validate what comes in. Failures are RFC 9457 problems that name the field, what was
expected and what was found; lists are \`{ items, next }\`; \`"Infinity"\` stands for never. Where the service has a token, every
route but health wants \`authorization: Bearer …\`.

${sections.join("\n")}`;
}

const makers = {
  api: async () => process.stdout.write(apiPage(await readContract())),
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
