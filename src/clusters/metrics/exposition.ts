// The text format in which servers tell their metrics (Prometheus 0.0.4, and what OpenMetrics adds to sample lines).
//
// Strict, since a page that cannot be read to its end is a part of the truth; and names may begin with a colon.

import { ObservationError } from "../../core/index.ts";

/** One line that tells a number. */
export interface ExposedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

// name value [timestamp] [# exemplar], the labels taken out
const linePattern = /^([a-zA-Z_:][a-zA-Z0-9_:]*)\s+([^\s#]+)(?:\s+[^\s#]+)?\s*(?:#.*)?$/;

// A label's value may hold commas, braces and escaped quotes.
const labelPattern = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/y;

const escapes: Readonly<Record<string, string>> = { "\\n": "\n", '\\"': '"', "\\\\": "\\" };

function numberOf(text: string): number | null {
  if (/^[+-]?inf(inity)?$/i.test(text))
    return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^nan$/i.test(text)) return Number.NaN;
  const value = Number(text);
  return Number.isNaN(value) ? null : value;
}

function labelsOf(text: string): Record<string, string> | null {
  const labels: Record<string, string> = {};
  labelPattern.lastIndex = 0;
  while (labelPattern.lastIndex < text.length) {
    const match = labelPattern.exec(text);
    if (match === null) return null;
    const [, name = "", value = ""] = match;
    labels[name] = value.replace(/\\[n"\\]/g, (escaped) => escapes[escaped] ?? escaped);
  }
  return labels;
}

/** A line without its labels, and they: up to the first closing brace outside quotes. */
function splitLine(line: string): { readonly plain: string; readonly labels: string } {
  const open = line.indexOf("{");
  const value = line.search(/\s/);
  if (open < 0 || (value >= 0 && value < open)) return { plain: line, labels: "" };
  let quoted = false;
  for (let i = open + 1; i < line.length; i++) {
    const character = line[i];
    if (character === "\\" && quoted) i += 1;
    else if (character === '"') quoted = !quoted;
    else if (character === "}" && !quoted) {
      return { plain: line.slice(0, open) + line.slice(i + 1), labels: line.slice(open + 1, i) };
    }
  }
  return { plain: "", labels: "" };
}

/**
 * The samples of a page whose names are wanted.
 * @param source named in errors
 * @throws {ObservationError} with the number of the first line that cannot be read
 */
export function parseExposition(
  text: string,
  wanted: (name: string) => boolean,
  source: string,
): readonly ExposedSample[] {
  const samples: ExposedSample[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const { plain, labels: labelText } = splitLine(line);
    const [, name, valueText = ""] = linePattern.exec(plain) ?? [];
    const value = numberOf(valueText);
    const labels = labelsOf(labelText);
    if (name === undefined || value === null || labels === null) {
      throw new ObservationError(
        `${source}: line ${i + 1}: expected a sample, found ${JSON.stringify(line.slice(0, 120))}`,
      );
    }
    if (wanted(name)) samples.push({ name, labels, value });
  }
  return samples;
}
