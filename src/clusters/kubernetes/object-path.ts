// Places in a Kubernetes object, such as "spec.template.spec.containers[name=server].env[name=MAX_BATCH].value".
//
// [name=server] is the item of a list whose field `name` is "server"; --max-num-seqs after a list is the item that
// starts with "--max-num-seqs=", and the place is what comes after it.

import type { KnobValue } from "../../core/index.ts";

/** A step: a field, the item of a list with a field of a value, or a command line's flag. */
type Step =
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "item"; readonly field: string; readonly value: string }
  | { readonly kind: "flag"; readonly flag: string };

const stepPattern = /^(?:\.?([A-Za-z_][\w/-]*)|\[([\w-]+)=([^\]]+)\]|\s+(--[\w-]+))/;

/** Steps of a place; null where the text is none. */
export function parsePath(text: string): readonly Step[] | null {
  const steps: Step[] = [];
  for (let rest = text; rest !== ""; ) {
    const match = stepPattern.exec(rest);
    if (match === null) return null;
    const [all, name, field, value, flag] = match;
    if (name !== undefined) steps.push({ kind: "field", name });
    else if (field !== undefined && value !== undefined) steps.push({ kind: "item", field, value });
    else if (flag !== undefined) steps.push({ kind: "flag", flag });
    rest = rest.slice(all.length);
  }
  return steps.length > 0 ? steps : null;
}

/** A place that is there: its JSON pointer, and what stands there. */
interface Place {
  readonly pointer: string;
  readonly value: unknown;
  /** Comes before the value in a text, such as "--max-num-seqs=". */
  readonly prefix: string;
}

function fieldOf(value: unknown, name: string | number): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function step(at: Place, one: Step): Place | null {
  const { pointer, value } = at;
  if (one.kind === "field") {
    const escaped = one.name.replace(/~/g, "~0").replace(/\//g, "~1");
    return { pointer: `${pointer}/${escaped}`, value: fieldOf(value, one.name), prefix: "" };
  }
  if (!Array.isArray(value)) return null;
  const prefix = one.kind === "flag" ? `${one.flag}=` : "";
  const index = value.findIndex((item: unknown) =>
    one.kind === "flag"
      ? typeof item === "string" && item.startsWith(prefix)
      : String(fieldOf(item, one.field)) === one.value,
  );
  return index < 0 ? null : { pointer: `${pointer}/${index}`, value: fieldOf(value, index), prefix };
}

function find(object: unknown, path: readonly Step[]): Place | null {
  return path.reduce<Place | null>((at, one) => (at === null ? null : step(at, one)), {
    pointer: "",
    value: object,
    prefix: "",
  });
}

/** What stands at a place, a number where it reads as one; undefined where there is nothing. */
export function readPath(object: unknown, path: readonly Step[]): KnobValue | undefined {
  const place = find(object, path);
  if (place === null) return undefined;
  const { value, prefix } = place;
  if (typeof value === "number") return value;
  if (typeof value !== "string") return undefined;
  const text = value.slice(prefix.length);
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** The JSON patch operation that puts a value at a place, as a text where one stands there; null where nothing does. */
export function patchOf(object: unknown, path: readonly Step[], value: KnobValue) {
  const place = find(object, path);
  if (place === null || place.value === undefined) return null;
  const text = typeof place.value === "string" ? place.prefix + String(value) : value;
  return { op: "replace", path: place.pointer, value: text } as const;
}
