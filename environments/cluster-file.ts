// Finds, reads and checks cluster files: the ones that ship, by name, and anybody's, by path.

import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { findAdapter, missingObserver } from "../src/clusters/index.ts";
import { ConfigError, type FieldIssue, type Json, type Mode, toJson, UnknownNameError } from "../src/core/index.ts";
import { fieldIssues, packageRoot } from "../src/store/index.ts";
import {
  type ClusterFile,
  clusterFileSchema,
  type ReachOf,
  type SimulatedFile,
  simulatedFileSchema,
} from "./cluster-schema.ts";
import { checkDocument, fromHere, isPath, readDocument, taskIssues } from "./task-file.ts";

/** A cluster file and where it stands. */
export interface LoadedCluster {
  readonly file: ClusterFile | SimulatedFile;
  /** As it was read, for the store. */
  readonly document: Json;
  readonly path: string;
  /** Relative paths in it start from here. */
  readonly folder: string;
}

/** Where the cluster files that ship stand. */
const clusterFolder = join(packageRoot(), "clusters");

/** Whether a cluster is simulated: its scenario then says what a real one's file does. */
export function isSimulated(file: ClusterFile | SimulatedFile): file is SimulatedFile {
  return file.adapter === "simulated";
}

/** @param at path of the adapter's keys, with its dot */
function reachIssues({ adapter, options, credentialsEnv }: ReachOf, at: string): FieldIssue[] {
  const entry = findAdapter(adapter);
  const issues: FieldIssue[] = [];
  const parsed = entry.options.safeParse(options);
  if (!parsed.success) {
    const found = fieldIssues(parsed.error, options);
    issues.push(...found.map((issue) => ({ ...issue, path: `${at}options.${issue.path}` })));
  }
  const known = entry.credentials.join(", ") || "(none)";
  for (const role of Object.keys(credentialsEnv).filter((one) => !entry.credentials.includes(one))) {
    issues.push({ path: `${at}credentialsEnv.${role}`, expected: `one of ${known}`, found: role });
  }
  return issues;
}

function adapterIssues(file: ClusterFile): FieldIssue[] {
  const entry = findAdapter(file.adapter);
  const issues = [...reachIssues(file, ""), ...modeIssues(file.adapter, file.mode)];
  for (const knob of Object.keys(file.knobs).filter((one) => entry.actuation(one) === null)) {
    issues.push({ path: `knobs.${knob}`, expected: `a knob ${file.adapter} can turn`, found: knob });
  }
  if (file.observer === undefined) {
    return entry.tellsWindows ? issues : [...issues, { path: "observer", ...missingObserver(file.adapter) }];
  }
  issues.push(...reachIssues(file.observer, "observer."));
  if (!findAdapter(file.observer.adapter).tellsWindows) {
    issues.push({ path: "observer.adapter", ...missingObserver(file.observer.adapter), found: file.observer.adapter });
  }
  if (file.mode === "canary") {
    const expected = "another mode: an observer beside the adapter tells of all the traffic, not of a share of it";
    issues.push({ path: "mode", expected, found: file.mode });
  }
  return issues;
}

/** Why a cluster behind an adapter cannot be in a mode. */
export function modeIssues(adapter: string, mode: Mode): FieldIssue[] {
  const writing = adapter === "simulated" ? "share" : findAdapter(adapter).writing;
  if (writing === "never" && (mode === "canary" || mode === "active")) {
    return [{ path: "mode", expected: `off, shadow or advisory: ${adapter} only reads`, found: mode }];
  }
  if (writing !== "whole" || mode !== "canary") return [];
  const expected = `another mode: ${adapter} cannot try a change on a share of the traffic`;
  return [{ path: "mode", expected, found: mode }];
}

/**
 * Checks a parsed document as a cluster file.
 * @param source named in errors
 * @throws {ConfigError} with the path, what was expected and what was found, for each fault
 */
export function checkCluster(document: unknown, source: string): ClusterFile | SimulatedFile {
  const simulated = typeof document === "object" && document !== null && Reflect.get(document, "adapter");
  if (simulated === "simulated") return checkDocument(simulatedFileSchema, document, source);
  const file = checkDocument(clusterFileSchema, document, source);
  const issues = [...taskIssues(file), ...adapterIssues(file)];
  if (issues.length > 0) throw new ConfigError(source, issues);
  return file;
}

/** Names of the cluster files that ship, in alphabetical order. */
export async function listClusterFiles(): Promise<string[]> {
  const files = await readdir(clusterFolder);
  return files
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.slice(0, -".yaml".length))
    .sort();
}

/**
 * A cluster file by the name of one that ships, or by path (anything with a slash or ending in .yaml, .yml or .json).
 * @throws {UnknownNameError} for a name that does not ship
 * @throws {ConfigError} for a file that is missing or does not fit
 */
export async function loadCluster(nameOrPath: string): Promise<LoadedCluster> {
  const given = isPath(nameOrPath);
  if (!given) {
    const names = await listClusterFiles();
    if (!names.includes(nameOrPath)) throw new UnknownNameError("cluster", nameOrPath, names);
  }
  const path = given ? fromHere(nameOrPath) : join(clusterFolder, `${nameOrPath}.yaml`);
  const document = await readDocument(path, "cluster");
  return { file: checkCluster(document, path), document: toJson(document), path, folder: dirname(path) };
}
