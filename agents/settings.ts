// Settings of an agent as text: `name:key=value,...`, checked against the agent's own schema.

import type { z } from "zod";
import { type AgentFactory, ConfigError } from "../src/core/index.ts";

/** A registry entry with settings; as it stands it uses their defaults. */
export interface ConfigurableAgent extends AgentFactory {
  /** The same agent with other settings. @throws {ConfigError} for an unknown key or an impossible value */
  configured(settings: Readonly<Record<string, string>>): AgentFactory;
}

/** Whether a registry entry takes settings. */
export function isConfigurable(factory: AgentFactory): factory is ConfigurableAgent {
  return "configured" in factory;
}

/**
 * Splits `name:key=value,...`. An agent inside another may stand in brackets: `outer(inner)` is `outer:agent=inner`.
 * @throws {ConfigError} when a setting is not `key=value` or a key comes twice
 */
export function parseAgentName(text: string): { name: string; settings: Record<string, string> } {
  const [, outer, inner] = /^([a-z][a-z-]*)\((.+)\)$/.exec(text) ?? [];
  if (outer !== undefined && inner !== undefined) return { name: outer, settings: { agent: inner } };
  const [name = "", ...rest] = text.split(":");
  const settings: Record<string, string> = {};
  for (const part of rest.join(":").split(",").filter(Boolean)) {
    const at = part.indexOf("=");
    const key = part.slice(0, at);
    if (at < 1 || key in settings) {
      throw new ConfigError("agent", [{ path: name, expected: "settings key=value, each once", found: `"${part}"` }]);
    }
    settings[key] = part.slice(at + 1);
  }
  return { name, settings };
}

/**
 * Settings read by the agent's schema; texts that are numbers or flags are handed over as such.
 * @throws {ConfigError} for an unknown key or an impossible value
 */
export function readSettings<T>(agent: string, schema: z.ZodType<T>, settings: Readonly<Record<string, unknown>>): T {
  const values = Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, readValue(value)]));
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    `agent ${agent}`,
    parsed.error.issues.map((issue) => ({
      path: issue.path.join(".") || "settings",
      expected: issue.message,
      found: JSON.stringify(issue.path.reduce<unknown>((at, key) => field(at, key), values)),
    })),
  );
}

function field(value: unknown, key: PropertyKey): unknown {
  return typeof value === "object" && value !== null ? Object.getOwnPropertyDescriptor(value, key)?.value : undefined;
}

function readValue(value: unknown): unknown {
  if (typeof value !== "string") return value;
  if (value === "true" || value === "false") return value === "true";
  return value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : value;
}
