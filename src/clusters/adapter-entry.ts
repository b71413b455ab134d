// What a kind of cluster adapter is: a name, the schema of its options, what it can turn, and how it is opened.
//
// Adding one is one file here and one line in index.ts; the contract of test/contracts/adapter.ts holds it to its word.

import type { z } from "zod";
import {
  type ActuationClass,
  type ClusterAdapter,
  ConfigError,
  type Configuration,
  type Knob,
  type Lease,
  type Objective,
} from "../core/index.ts";
import { fieldIssues } from "../store/index.ts";
import type { Actuator, Observer } from "./halves.ts";

/** Wall-clock time, handed in so that tests can let it pass at will. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  nowMs(): number;
  /** @param signal ends the sleep early */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** How a kind of cluster turns a knob where the cluster file does not say. */
export interface KnobActuation {
  readonly class: ActuationClass;
  /** From acceptance to effect. */
  readonly delayS: number;
  /** The knob is not to be changed more often than this. */
  readonly decideEveryS: number;
}

/** What a cluster is opened with beside the adapter's own options. */
export interface AdapterContext {
  /** Name of the cluster, for messages. */
  readonly cluster: string;
  /** What may be turned, from the cluster file; only names `actuation` knows. */
  readonly knobs: readonly Knob[];
  /** What runs at first, from the cluster file; an adapter that starts its cluster starts it so. */
  readonly initial: Configuration;
  /** The first is the one whose percentile is `objectiveMs`. */
  readonly slo: Objective["slo"];
  /** What a configuration costs an hour, nothing offloaded, by the cluster file's prices. */
  readonly committedUsdPerHour: (configuration: Configuration) => number;
  /**
   * The secret of a role, from the environment variable the cluster file names for it.
   * @returns null where the file names none
   * @throws {ConfigError} when the variable is not set
   */
  readonly secret: (role: string) => string | null;
  readonly clock: Clock;
}

/**
 * What an adapter can do to its cluster: nothing but read; change all of it at once; or also try a configuration on a
 * share of the traffic. Where it is `whole`, a trial with a share below 1 is refused.
 */
export type Writing = "never" | "whole" | "share";

interface AdapterTraits {
  /** As a cluster file names it. */
  readonly name: string;
  /** One line for lists. */
  readonly summary: string;
  readonly writing: Writing;
  /** Roles of secrets it can use, such as "token". */
  readonly credentials: readonly string[];
  /** How it turns a knob where the cluster file does not say; null for a knob it cannot turn. */
  actuation(knob: string): KnobActuation | null;
}

/** Opens something of an adapter. @throws {ObservationError} when the cluster cannot be reached */
type Opening<Options, Opened> = (options: Options, context: AdapterContext) => Promise<Opened>;

/** An adapter as its file defines it. */
export interface AdapterDefinition<Options> extends AdapterTraits {
  /** The `options:` block of a cluster file. */
  readonly options: z.ZodType<Options, unknown>;
  /** Reaches the cluster once. @throws {ObservationError} when it cannot be reached */
  readonly open: Opening<Options, ClusterAdapter>;
  /** Its half that tells what runs and changes it, where that can be opened alone. */
  readonly openActuator?: Opening<Options, Actuator>;
  /** Its half that tells windows, where that can be opened alone; null where it tells none. */
  readonly openObserver?: Opening<Options, Observer> | null;
  /** A lease the cluster itself keeps, where it does; else services on one machine share a lock there. */
  readonly openLease?: Opening<Options, Lease>;
}

/**
 * An adapter in the registry, the type of its options put away.
 * What it opens throws {ConfigError} when the options do not fit, {ObservationError} when the cluster cannot be reached.
 */
export interface AdapterEntry extends AdapterTraits {
  readonly options: z.ZodType;
  /** Whether it tells windows; else a cluster file must name an observer beside it. */
  readonly tellsWindows: boolean;
  readonly open: Opening<unknown, ClusterAdapter>;
  /** The whole adapter where it has no halves. */
  readonly openActuator: Opening<unknown, Actuator>;
  readonly openObserver: Opening<unknown, Observer>;
  /** Null where the cluster keeps none. */
  readonly openLease: Opening<unknown, Lease> | null;
}

/** Makes a registry entry: options are parsed before the definition sees them. */
export function adapterEntry<Options>(definition: AdapterDefinition<Options>): AdapterEntry {
  const { name, open, openActuator = open, openObserver = open, openLease } = definition;
  const parsing =
    <Opened>(opening: Opening<Options, Opened>): Opening<unknown, Opened> =>
    async (options, context) => {
      const parsed = definition.options.safeParse(options);
      if (parsed.success) return opening(parsed.data, context);
      const issues = fieldIssues(parsed.error, options).map((issue) => ({ ...issue, path: `options.${issue.path}` }));
      throw new ConfigError(`cluster ${context.cluster}`, issues);
    };
  const blind: Opening<Options, never> = async (_, { cluster }) => {
    throw new ConfigError(`cluster ${cluster}`, [{ path: "observer", ...missingObserver(name) }]);
  };
  const tellsWindows = openObserver !== null;
  return {
    ...definition,
    tellsWindows,
    open: parsing(tellsWindows ? open : blind),
    openActuator: parsing<Actuator>(openActuator),
    openObserver: parsing<Observer>(openObserver ?? blind),
    openLease: openLease === undefined ? null : parsing(openLease),
  };
}

/** What is wrong with a cluster file that names no observer beside an adapter that tells no windows. */
export function missingObserver(adapter: string): { readonly expected: string; readonly found: string } {
  return { expected: `an adapter that tells metrics, which ${adapter} does not`, found: "none" };
}
