// What outlives the process: checkpoints, the catalogue and append-only logs, all in one locked folder.

export { writeFileAtomically } from "./atomic-file.ts";
export { type Checkpoint, decodeCheckpoint, encodeCheckpoint, readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
export { fieldIssues } from "./parse.ts";
export { configurationSchema, jsonSchema, knobValueSchema, policySpecSchema } from "./policy-spec-schema.ts";
