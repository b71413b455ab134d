// A bare scaler for benches, a process of its own: the same gRPC library and contract, and always the same answer.

import type { sendUnaryData } from "@grpc/grpc-js";
import { listenGrpc } from "../../src/http/keda/server.ts";

const answer = { metricValues: [{ metricName: "desired_replicas", metricValue: 3, metricValueFloat: 3 }] };
const getMetrics = (_call: unknown, callback: sendUnaryData<typeof answer>): void => callback(null, answer);

const { port } = await listenGrpc({ getMetrics }, { host: "127.0.0.1", port: 0, tls: null });
process.stdout.write(`scaler listening on 127.0.0.1:${port}\n`);
