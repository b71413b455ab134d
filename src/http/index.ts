// The service over HTTP.

export { BODY_LIMIT_BYTES, createApp, type Services } from "./app.ts";
export { type EmbeddedOptions, keptFile } from "./cluster-source.ts";
export { INSTANCE_LIMIT } from "./instances.ts";
export { PROTO_PATH } from "./keda/scaler.ts";
export { type GrpcOptions, type ListeningGrpc, listenGrpc, type TlsFiles } from "./keda/server.ts";
export { type Problem, problemOf } from "./problem.ts";
export { decisionJson, recommendationJson } from "./schemas.ts";
export { type Listening, type ListenOptions, listen } from "./server.ts";
export { openService, type Service, type ServiceOptions } from "./service.ts";
