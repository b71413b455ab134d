// The reference of scenario files as Markdown, read off the schema that checks them.

import { z } from "zod";
import { scenarioSchema } from "./scenario-schema.ts";

/** What each top-level key is for; a key without a line here fails the test of this page. */
const meanings: Readonly<Record<string, string>> = {
  name: "Lower-case words joined by hyphens; `image-diurnal` becomes the environment `trimtab/ImageDiurnal-v0`.",
  description: "One sentence, shown in lists.",
  workload:
    "Arrivals: a `model`, a `trace` file, or `parts` added up. The first `warmupS` seconds are to learn from, not scored.",
  training: "How long a training episode is; the warm-up, else the whole workload, where absent.",
  slo: "At least `percentile` of requests within `latencyMs`, judged in every hour. The first one is the objective's latency.",
  objective: "What to minimise, and the weights of the reward's terms.",
  models:
    "The served model and its service times: by instance type or family, for functions under `function`, for a `host` under `host`.",
  catalogue:
    "Instance types to rent, whether spot and functions are on offer, and at which prices; overrides change single facts.",
  host: "One machine instead of a catalogue: its cores are shared by model instances.",
  function: "Memory and latency of the serverless function requests are offloaded to.",
  classes: "Kinds of requests, their shares adding up to 1, with deadlines of their own and sizes.",
  telemetry: "What the cluster tells beyond counters and histograms; `region-sim` needs both.",
  observation: "Metrics that come late, get lost or are blurred.",
  buffers: "A batching buffer for each range of request sizes.",
  failures: "What goes wrong with machines: launches, crashes, spot notices, zones.",
  markets: "Quotas and capacity over time, by instance type.",
  routing: "How requests find a machine.",
  queue: "When waiting requests give up, and how many may wait.",
  reality: "What policies are not told: how the real system differs from the model they plan with.",
  prior: "What the prior of the careful agents may see: profiled points, and ratios between devices.",
  limits: "Hard limits on what may be rented.",
  window: "Requests of a measurement window in searches.",
  knobs:
    "The knobs to turn, by name, each with its ordered values: a list, or `from`, `to` and `step`. `.inf` is never.",
  actuation: "What turning a knob costs, by its name; the knob's own class where absent.",
  initial: "The configuration at the start, and what `static` keeps.",
  budget: "Never exceeded, whatever a policy proposes.",
  intervalS: "Seconds between two decisions.",
};

type Schema = z.core.JSONSchema.BaseSchema;

/** One key of the file. */
interface Row {
  readonly path: string;
  /** More than one where the file has several forms, such as a workload's models. */
  readonly schemas: readonly Schema[];
  readonly required: "always" | "in its form" | "no";
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A schema and its alternatives, in order. */
function alternatives(schema: Schema): Schema[] {
  const choices = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].filter(isSchema);
  return [schema, ...choices.flatMap(alternatives)];
}

function merged(a: Row, b: Row): Row {
  const required = a.required === b.required ? a.required : "in its form";
  return { path: a.path, schemas: [...a.schemas, ...b.schemas], required };
}

/** Every key below a schema, each once; what is made of the whole again, such as the parts of a workload, is not gone into. */
function rowsBelow(schema: Schema, path: string, depth: number): Row[] {
  const rows = new Map<string, Row>();
  const add = (more: readonly Row[]): void => {
    for (const row of more) {
      const known = rows.get(row.path);
      rows.set(row.path, known === undefined ? row : merged(known, row));
    }
  };
  const forms = alternatives(schema);
  const several = forms.filter(({ properties }) => properties !== undefined).length > 1;
  for (const one of forms) {
    for (const [key, below] of Object.entries(one.properties ?? {})) {
      if (!isSchema(below)) continue;
      const own = path === "" ? key : `${path}.${key}`;
      const required = one.required?.includes(key) === true ? (several ? "in its form" : "always") : "no";
      add([{ path: own, schemas: [below], required }]);
      if (depth > 0 && key !== "parts") add(rowsBelow(below, own, depth - 1));
    }
    if (isSchema(one.additionalProperties)) add(rowsBelow(one.additionalProperties, `${path}.<name>`, depth - 1));
    if (isSchema(one.items)) add(rowsBelow(one.items, `${path}[]`, depth - 1));
  }
  return [...rows.values()];
}

function limitsOf({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: Schema): string {
  const parts = [
    minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? `≥ ${minimum}` : null,
    exclusiveMinimum !== undefined ? `> ${exclusiveMinimum}` : null,
    maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? `≤ ${maximum}` : null,
    exclusiveMaximum !== undefined ? `< ${exclusiveMaximum}` : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? "" : ` ${parts.join(", ")}`;
}

function typeOf(schema: Schema): string {
  const choices = alternatives(schema).slice(1);
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (choices.length > 0) return [...new Set(choices.map(typeOf))].join(" or ");
  if (schema.type === "array") return isSchema(schema.items) ? `list of ${typeOf(schema.items)}` : "list";
  if (schema.type === "object") return isSchema(schema.additionalProperties) ? "by name" : "block";
  return `${schema.type ?? "value"}${limitsOf(schema)}`;
}

function tableRow({ path, schemas, required }: Row): string {
  const types = [...new Set(schemas.map(typeOf))].join(" or ").replaceAll("|", "\\|");
  const [fallback] = schemas.flatMap((schema) =>
    schema.default === undefined ? [] : [JSON.stringify(schema.default)],
  );
  const needed = { always: "required", "in its form": "required in its form", no: "–" }[required];
  return `| \`${path}\` | ${types} | ${fallback === undefined || fallback === "{}" ? needed : `\`${fallback}\``} |`;
}

/** Keys deeper than this are left to the error messages. */
const DEPTH = 4;

/** The page. */
export function scenarioReference(): string {
  const schema = z.toJSONSchema(scenarioSchema, { io: "input", unrepresentable: "any", reused: "inline" });
  const sections = Object.entries(schema.properties ?? {}).flatMap(([key, below]) => {
    if (!isSchema(below)) return [];
    const required = schema.required?.includes(key) === true ? "always" : "no";
    const rows = [{ path: key, schemas: [below], required } as const, ...rowsBelow(below, key, DEPTH)];
    return [
      `## ${key}`,
      "",
      meanings[key] ?? "",
      "",
      "| key | value | default |",
      "|---|---|---|",
      ...rows.map(tableRow),
      "",
    ];
  });
  return [
    "# Scenario files",
    "",
    "Made by `trimtab scenario reference` from the schema that checks the files; [an example](../scenarios/image-diurnal.yaml).",
    "Unknown keys, impossible values and missing files are refused with the path of the key, what was expected and what was found.",
    '"Required in its form": a workload is one model, or a trace, or parts; each has keys of its own.',
    "Units end names, ratios are in [0, 1], times are seconds since the workload's start.",
    "",
    ...sections,
  ].join("\n");
}

/** Top-level keys without a meaning. */
export function unexplainedKeys(): string[] {
  const schema = z.toJSONSchema(scenarioSchema, { io: "input", unrepresentable: "any" });
  return Object.keys(schema.properties ?? {}).filter((key) => meanings[key] === undefined);
}
