// Closed forms of queues and batch buffers in equilibrium.

export * from "./approximate.ts";
export { type BatchBuffer, batchBuffer } from "./batch-buffer.ts";
export * from "./bulk-service.ts";
export { type CountMatrices, countMatrices } from "./map-counts.ts";
export * from "./mdc.ts";
export * from "./mmc.ts";
export * from "./queue-result.ts";
