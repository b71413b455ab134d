// `trimtab gateway`: serves requests for models behind it until told to stop.

import type { Command } from "commander";
import { destination, pino } from "pino";
import { logLevel, secret } from "../config.ts";
import { openGateway, readGatewaySettings } from "../gateway/index.ts";
import { printLine } from "./output.ts";
import { stopSignal } from "./stop-signal.ts";

/** Requests under way get this long when the gateway stops; with the rest it stays under Kubernetes' 30 s. */
const GRACE_MS = 25_000;

interface GatewayFlags {
  readonly config: string;
}

async function run({ config }: GatewayFlags, version: string): Promise<void> {
  const signal = stopSignal();
  // A gateway started by another process of ours does not outlive it.
  if (process.connected) process.once("disconnect", () => process.exit(0));
  const log = pino({ level: logLevel(), base: null }, destination(2));
  const settings = await readGatewaySettings(config);
  const gateway = await openGateway({
    settings,
    version,
    secret,
    onError: (error) => log.error({ err: error }, "unexpected"),
  });
  printLine(`listening on ${gateway.url}`);
  printLine(`admin on ${gateway.adminUrl}`);
  log.info(
    { url: gateway.url, adminUrl: gateway.adminUrl, models: settings.models.map(({ name }) => name) },
    "listening",
  );
  log.info({ signal: await signal }, "stopping");
  await gateway.close(GRACE_MS);
  log.info("stopped");
  // The channel to whoever started it would keep it alive.
  if (process.connected) process.disconnect();
}

const HELP = `
Example:
  $ cat gateway.yaml
  listen: { host: 127.0.0.1, port: 8000 }
  admin: { host: 127.0.0.1, port: 8001 }
  models:
    - name: resnet
      backends:
        - { name: a, url: "http://127.0.0.1:9001", weight: 2 }
        - { name: b, url: "http://127.0.0.1:9002" }
      function: { lambda: { functionName: resnet, region: us-east-1 } }
      configuration: { concurrency: 2, maxBatchSize: 8, maxBatchDelayMs: 5, offloadThresholdMs: 200 }
      deadlineMs: 2000
      idempotent: true
  $ trimtab gateway --config gateway.yaml
  $ curl -d '{"inputs":[{"name":"input","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}' \\
      127.0.0.1:8000/v2/models/resnet/infer
  $ curl 127.0.0.1:8001/metrics
`;

/** Adds the command. */
export function registerGateway(program: Command): void {
  program
    .command("gateway")
    .description("serve models behind it over the Open Inference Protocol: batching, routing, offload to functions")
    .requiredOption("--config <file>", "what to serve, in YAML")
    .addHelpText("after", HELP)
    .action((flags: GatewayFlags) => run(flags, program.version() ?? ""));
}
