// The data plane: batching, routing and function offload in front of model servers.

export { type Gateway, type GatewayOptions, openGateway } from "./gateway.ts";
export { BUCKET_RATIO } from "./metrics-page.ts";
export {
  type BackendSettings,
  type GatewaySettings,
  type ModelConfiguration,
  modelConfigurationSchema,
  parseGatewaySettings,
  readGatewaySettings,
} from "./settings.ts";
export { type MeterTelemetry, type Telemetry, telemetrySchema } from "./telemetry.ts";
