// What outlives the process: checkpoints, the catalogue and append-only logs, all in one locked folder.

export { AppendLog, type AppendLogOptions, type LogEntry } from "./append-log.ts";
export { writeFileAtomically } from "./atomic-file.ts";
export {
  Catalogue,
  type ClusterEntry,
  type Collection,
  modeSchema,
  nameSchema,
  type PolicyEntry,
  type TrainingEntry,
} from "./catalogue.ts";
export { type Checkpoint, decodeCheckpoint, encodeCheckpoint, readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
export { codeFingerprint } from "./code-fingerprint.ts";
export { type DataFileSearch, type DataFolders, findDataFile } from "./data-file.ts";
export { acquireLock, type Lock } from "./lock.ts";
export { compiledEntry, packageRoot } from "./package-root.ts";
export { fieldIssues } from "./parse.ts";
export { configurationSchema, jsonSchema, knobValueSchema, policySpecSchema } from "./policy-spec-schema.ts";
export { stateFrom, stateSchema } from "./state-schema.ts";
export { type ClusterStore, openStore, type Store } from "./store.ts";
