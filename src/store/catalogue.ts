// The small catalogue of what the service knows by name: clusters, policies, trainings and settings, in one JSON file.

import { readFile } from "node:fs/promises";
import { type Adapter, Low } from "lowdb";
import { z } from "zod";
import { type Json, type Mode, StoreError } from "../core/index.ts";
import { writeFileAtomically } from "./atomic-file.ts";
import { fieldIssues } from "./parse.ts";
import { jsonSchema } from "./policy-spec-schema.ts";
import { systemErrorCode } from "./system-error.ts";

const modes: readonly [Mode, ...Mode[]] = ["off", "shadow", "advisory", "canary", "active"];

/** What the operator's ceiling may be. */
export const modeSchema: z.ZodType<Mode> = z.enum(modes);

/** A name that is also a folder's name. */
export const nameSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/, "expected 1 to 63 of a-z, 0-9, dot, dash, underscore");

const clusterEntrySchema = z.strictObject({
  name: nameSchema,
  /** Kind of adapter, such as "simulated". */
  adapter: z.string(),
  /** The scenario of a simulated cluster; null for a real one. */
  scenario: z.string().nullable(),
  agent: z.string(),
  optimizer: z.string(),
  mode: modeSchema,
  attachedAt: z.iso.datetime(),
  /** The cluster file it was attached with, as read, and the folder its relative paths start from. */
  document: jsonSchema.default(null),
  folder: z.string().nullable().default(null),
  /** The operator's word on the budget; absent where it is the file's. */
  budgetUsdPerHour: z.number().positive().exactOptional(),
});

const policyEntrySchema = z.strictObject({
  id: nameSchema,
  agent: z.string(),
  environment: z.string(),
  /** The scenario it was trained on. */
  scenario: z.string(),
  /** File name below the store's `policies` folder. */
  checkpoint: z.string(),
  sha256: z.string(),
  createdAt: z.iso.datetime(),
  training: z.string().nullable(),
});

const trainingEntrySchema = z.strictObject({
  id: nameSchema,
  scenario: z.string(),
  agent: z.string(),
  seed: z.number().int(),
  episodes: z.number().int().positive(),
  status: z.enum(["running", "done", "failed", "stopped"]),
  progress: jsonSchema,
  policy: z.string().nullable(),
  error: z.string().nullable(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
});

const contentSchema = z.strictObject({
  format: z.literal("trimtab-catalogue"),
  version: z.literal(1),
  clusters: z.record(nameSchema, clusterEntrySchema),
  policies: z.record(nameSchema, policyEntrySchema),
  trainings: z.record(nameSchema, trainingEntrySchema),
  settings: z.record(z.string(), jsonSchema),
});

/** A cluster that is attached. */
export type ClusterEntry = Readonly<z.infer<typeof clusterEntrySchema>>;
/** A policy and where its checkpoint is. */
export type PolicyEntry = Readonly<z.infer<typeof policyEntrySchema>>;
/** A training, under way or over. */
export type TrainingEntry = Readonly<z.infer<typeof trainingEntrySchema>>;

type Content = z.infer<typeof contentSchema>;

const empty: Content = {
  format: "trimtab-catalogue",
  version: 1,
  clusters: {},
  policies: {},
  trainings: {},
  settings: {},
};

class CatalogueFile implements Adapter<Content> {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async read(): Promise<Content | null> {
    let text: string;
    try {
      text = await readFile(this.#path, "utf8");
    } catch (error) {
      if (systemErrorCode(error) === "ENOENT") return null;
      throw new StoreError(`${this.#path}: expected a readable file, found ${String(error)}`, { cause: error });
    }
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw new StoreError(`${this.#path}: expected JSON, found ${String(cause)}`, { cause });
    }
    const result = contentSchema.safeParse(value);
    if (result.success) return result.data;
    const [issue] = fieldIssues(result.error, value);
    throw new StoreError(`${this.#path}: ${issue?.path}: expected ${issue?.expected}, found ${issue?.found}`);
  }

  write(content: Content): Promise<void> {
    return writeFileAtomically(this.#path, `${JSON.stringify(content, null, 2)}\n`);
  }
}

/** Entries of one kind, by name; every change is durable when its promise resolves. */
export interface Collection<Entry> {
  get(name: string): Entry | null;
  /** In the order they were first put. */
  list(): readonly Entry[];
  put(name: string, entry: Entry): Promise<void>;
  remove(name: string): Promise<void>;
}

/** The catalogue of a store. */
export class Catalogue {
  readonly clusters: Collection<ClusterEntry>;
  readonly policies: Collection<PolicyEntry>;
  readonly trainings: Collection<TrainingEntry>;
  readonly settings: Collection<Json>;
  readonly #database: Low<Content>;
  #writing: Promise<void> = Promise.resolve();

  private constructor(database: Low<Content>) {
    this.#database = database;
    const { data } = database;
    this.clusters = this.#collection(data.clusters);
    this.policies = this.#collection(data.policies);
    this.trainings = this.#collection(data.trainings);
    this.settings = this.#collection<Json>(data.settings);
  }

  /** @throws {StoreError} when the file is not a catalogue of this version */
  static async open(path: string): Promise<Catalogue> {
    const database = new Low(new CatalogueFile(path), structuredClone(empty));
    await database.read();
    return new Catalogue(database);
  }

  #collection<Entry>(entries: Record<string, Entry>): Collection<Entry> {
    return {
      get: (name) => (Object.hasOwn(entries, name) ? (entries[name] ?? null) : null),
      list: () => Object.values(entries),
      put: (name, entry) => {
        entries[name] = entry;
        return this.#write();
      },
      remove: (name) => {
        delete entries[name];
        return this.#write();
      },
    };
  }

  #write(): Promise<void> {
    const written = this.#writing.then(() => this.#database.write());
    this.#writing = written.catch(() => undefined);
    return written;
  }
}
