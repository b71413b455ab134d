// `trimtab serve`: tunes clusters, the embedded simulated one where none is named, and answers over HTTP, until told to stop.

import { type Command, Option } from "commander";
import pico from "picocolors";
import { destination, pino } from "pino";
import { loadCluster } from "../../environments/index.ts";
import { dataFolder, logLevel, secret } from "../config.ts";
import { decisionLine, type LoopEvent } from "../control/index.ts";
import { ConfigError, type DecisionRecord, type Mode } from "../core/index.ts";
import { type Listening, type ListeningGrpc, listen, listenGrpc, openService, type Service } from "../http/index.ts";
import { portNumber, positiveNumber, wholeNumber } from "./options.ts";
import { printLine } from "./output.ts";
import { stopSignal } from "./stop-signal.ts";
import { packageVersion } from "./version.ts";

/** Requests under way get this long when the service stops; with the rest it stays under Kubernetes' 30 s. */
const GRACE_MS = 10_000;

interface ServeFlags {
  readonly port: number;
  readonly host: string;
  readonly store: string;
  readonly cluster: readonly string[];
  readonly scenario?: string;
  readonly agent?: string;
  readonly optimizer?: string;
  readonly mode?: Mode;
  readonly speed: number;
  readonly seed: number;
  readonly tokenEnv?: string;
  readonly grpcPort?: number;
  readonly grpcHost: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsClientCa?: string;
}

/** One line a minute of cluster time, and whenever something is out of the ordinary. */
function minuteLines(print: (line: string) => void): (record: DecisionRecord) => void {
  let lastMinute = Number.NEGATIVE_INFINITY;
  return (record) => {
    const minute = Math.floor(record.timeS / 60);
    const ordinary = record.outcome === "applied" || record.outcome === "held" || record.outcome === "advised";
    if (ordinary && minute <= lastMinute) return;
    lastMinute = minute;
    print(ordinary ? decisionLine(record) : pico.yellow(decisionLine(record)));
  };
}

async function stop(service: Service, listening: Listening, grpc: ListeningGrpc | null): Promise<void> {
  service.drain();
  await Promise.all([listening.close(GRACE_MS), grpc?.close(GRACE_MS)]);
  await service.close();
}

/** The external scaler, where a port is asked for it. @throws {ConfigError} when half of a key pair is missing */
async function scalerOf(service: Service, flags: ServeFlags): Promise<ListeningGrpc | null> {
  const { grpcPort, grpcHost, tlsCert, tlsKey, tlsClientCa } = flags;
  if (grpcPort === undefined) return null;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    const path = tlsCert === undefined ? "tls-cert" : "tls-key";
    throw new ConfigError("serve", [{ path, expected: "certificate and key together", found: "one of them" }]);
  }
  const tls =
    tlsCert === undefined || tlsKey === undefined
      ? null
      : { cert: tlsCert, key: tlsKey, clientCa: tlsClientCa ?? null };
  return listenGrpc(service.scaler.handlers(), { host: grpcHost, port: grpcPort, tls });
}

async function run(flags: ServeFlags): Promise<void> {
  const signal = stopSignal();
  const log = pino({ level: logLevel(), base: null }, destination(2));
  const token = flags.tokenEnv === undefined ? null : secret(flags.tokenEnv);
  const lines = minuteLines(printLine);
  const { scenario, agent, optimizer, mode, speed, seed } = flags;
  const files = await Promise.all(flags.cluster.map(loadCluster));
  const named = { scenario: scenario ?? null, agent: agent ?? null, optimizer: optimizer ?? null };
  const embedded = { name: "default", ...named, mode: mode ?? null, seed, speed };
  const service = await openService({
    storeFolder: flags.store,
    version: packageVersion(),
    dataFolder: dataFolder(),
    token,
    log,
    processMetrics: true,
    cluster: files.length > 0 ? null : embedded,
    files,
    mode: mode ?? null,
    onEvent: (_cluster, event: LoopEvent) => {
      if (event.type === "decision") lines(event.record);
    },
  });
  try {
    const listening = await listen(service.app, { host: flags.host, port: flags.port, protected: token !== null });
    printLine(`listening on ${listening.url}`);
    log.info({ url: listening.url, store: flags.store, pid: process.pid }, "listening");
    const grpc = await scalerOf(service, flags);
    if (grpc !== null) printLine(`scaler listening on ${flags.grpcHost}:${grpc.port}`);
    log.info({ signal: await signal }, "stopping");
    await stop(service, listening, grpc);
    log.info("stopped");
  } catch (error) {
    await service.close();
    throw error;
  }
  // What a worker still does is of no use to anybody.
  process.exit(0);
}

function collect(one: string, before: readonly string[]): readonly string[] {
  return [...before, one];
}

/** Adds the command. */
export function registerServe(program: Command): void {
  const modes: readonly Mode[] = ["off", "shadow", "advisory", "canary", "active"];
  program
    .command("serve")
    .description("tune clusters and serve the API; goes on where the store says it stopped")
    .option("--port <n>", "port to listen on, 0 for any that is free", portNumber, 8080)
    .option("--host <address>", "address to listen on; one others can reach needs --token-env", "127.0.0.1")
    .option("--store <dir>", "folder that outlives the process", "checkpoints")
    .option("--cluster <file|name>", "attach a cluster file instead of the simulated one; may be repeated", collect, [])
    .option("--scenario <name>", "scenario of the simulated cluster (default: as stored, else image-diurnal)")
    .option("--agent <name>", "agent that learns (default: as stored, else region-fleet)")
    .option("--optimizer <name>", "acts until the agent is trusted (default: as stored, else mark)")
    .addOption(
      new Option(
        "--mode <mode>",
        "how far it may go (default: as stored, else as in the file; simulated: active)",
      ).choices(modes),
    )
    .option("--speed <n>", "simulated seconds a second", positiveNumber, 600)
    .option("--seed <n>", "fixes the cluster's chance", wholeNumber(0), 1)
    .option("--token-env <name>", "variable that holds the bearer token requests must carry")
    .option("--grpc-port <n>", "port of KEDA's external scaler, 0 for any that is free; none where absent", portNumber)
    .option(
      "--grpc-host <address>",
      "address of the scaler; one others can reach needs client certificates",
      "127.0.0.1",
    )
    .option("--tls-cert <file>", "certificate of the scaler, PEM")
    .option("--tls-key <file>", "its key, PEM")
    .option("--tls-client-ca <file>", "authority of the certificates its clients must have, PEM")
    .addHelpText(
      "after",
      "\nExample:\n  $ trimtab serve --port 8080 --store checkpoints --speed 600\n  $ trimtab serve --cluster cluster.yaml\n",
    )
    .action((flags: ServeFlags, command: Command) => {
      if (flags.cluster.length > 0 && (flags.scenario ?? flags.agent ?? flags.optimizer) !== undefined) {
        command.error("error: a cluster file says scenario, agent and optimizer itself", { exitCode: 2 });
      }
      return run(flags);
    });
}
