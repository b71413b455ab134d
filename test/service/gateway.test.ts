// `trimtab gateway` from the outside: it serves what its file says, answers what it has when told to stop, and then ends.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../src/store/index.ts";
import { until } from "../gateway/harness.ts";
import { type ModelServer, startModelServer } from "../gateway/model-server.ts";

const command = join(packageRoot(), "dist", "src", "cli", "main.js");
const folder = mkdtempSync(join(tmpdir(), "trimtab-gateway-"));
const config = join(folder, "gateway.yaml");
let server: ModelServer;
let child: ChildProcess | null = null;

beforeAll(async () => {
  server = await startModelServer({ kind: "answer", afterMs: 300 });
});

afterAll(async () => {
  child?.kill("SIGKILL");
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function run(text: string): { output: () => string; exit: Promise<number | null>; child: ChildProcess } {
  writeFileSync(config, text);
  const started = spawn(process.execPath, [command, "gateway", "--config", config]);
  child = started;
  let output = "";
  const collect = (chunk: Buffer): void => {
    output += chunk.toString("utf8");
  };
  started.stdout.on("data", collect);
  started.stderr.on("data", collect);
  return { output: () => output, exit: new Promise((resolve) => started.once("exit", resolve)), child: started };
}

test("it serves, and a stop answers what is under way before it ends with exit code 0", async () => {
  const gateway = run(`
listen: { port: 0 }
admin: { port: 0 }
models:
  - { name: m, backends: [{ name: a, url: "${server.url}" }], configuration: { maxBatchSize: 4, maxBatchDelayMs: 1 } }
`);
  await until(() => /admin on/.test(gateway.output()));
  const url = /^listening on (\S+)$/m.exec(gateway.output())?.[1];
  const body = JSON.stringify({ inputs: [{ name: "x", shape: [1, 1], datatype: "FP32", data: [21] }] });
  const answer = fetch(`${url}/v2/models/m/infer`, { method: "POST", body });
  await until(() => server.seen.length === 1);
  gateway.child.kill("SIGTERM");
  expect(await (await answer).json()).toMatchObject({ outputs: [{ data: [42] }] });
  expect(await gateway.exit).toBe(0);
});

test("a file that makes no sense is refused with the key, and exit code 1", async () => {
  const gateway = run("models: [{ name: m, backends: [{ name: a }] }]");
  expect(await gateway.exit).toBe(1);
  expect(gateway.output()).toMatch(/gateway\.yaml: models\[0\]\.backends\[0\]\.url: expected .*, found nothing/);
});
