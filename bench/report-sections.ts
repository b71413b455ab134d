// Sections of the results page from the JSON documents of other benchmarks, told apart by what they hold.

import { basename } from "node:path";
import { z } from "zod";
import { ConfigError } from "../src/core/index.ts";
import { fieldIssues } from "../src/store/index.ts";
import { adaptationSection } from "./adaptation-section.ts";
import { bootstrapSection } from "./bootstrap-section.ts";
import { changeSection } from "./change-section.ts";
import { evaluationSection, evaluationSections, shownEvaluation } from "./evaluation-section.ts";
import { fleetSections } from "./fleet-report.ts";
import { liveSection } from "./live-section.ts";
import { searchSection } from "./search-section.ts";

/** A parsed JSON document and where it was. */
export interface ReportDocument {
  readonly path: string;
  readonly content: unknown;
}

/** A title out of a file's name: `search-wrong-physics.json` is "Search: wrong physics". */
function titleOf(path: string): string {
  const [kind = "", ...words] = basename(path).replace(/\..*$/, "").split("-");
  return `${kind.charAt(0).toUpperCase()}${kind.slice(1)}${words.length === 0 ? "" : `: ${words.join(" ")}`}`;
}

interface Reader {
  /** Keys only documents of this kind have. */
  readonly keys: readonly string[];
  readonly expected: string;
  readonly sections: (documents: readonly ReportDocument[]) => string[];
}

/** Sections of each document by itself. @throws {ConfigError} for one that is not whole */
const eachOf =
  (sections: (document: ReportDocument) => string[]): Reader["sections"] =>
  (documents) =>
    documents.flatMap((document) => {
      try {
        return sections(document);
      } catch (error) {
        if (!(error instanceof z.ZodError)) throw error;
        throw new ConfigError(document.path, fieldIssues(error, document.content), { cause: error });
      }
    });

const readers: readonly Reader[] = [
  { keys: ["evaluations"], expected: "bench results", sections: eachOf(({ content }) => evaluationSections(content)) },
  {
    keys: ["scenario", "policies", "bound"],
    expected: "evaluate",
    sections: eachOf(({ content }) => [evaluationSection(shownEvaluation.parse(content))]),
  },
  {
    keys: ["algorithms", "problems"],
    expected: "bench search",
    sections: eachOf(({ path, content }) => [searchSection(content, titleOf(path))]),
  },
  {
    keys: ["changes", "perProblem"],
    expected: "bench change",
    sections: eachOf(({ content }) => [changeSection(content)]),
  },
  { keys: ["contexts"], expected: "bench fleet", sections: fleetSections },
  {
    keys: ["agents", "optimizer"],
    expected: "bench bootstrap",
    sections: eachOf(({ content }) => [bootstrapSection(content)]),
  },
  {
    keys: ["methods", "timesSooner"],
    expected: "bench adaptation",
    sections: eachOf(({ content }) => [adaptationSection(content)]),
  },
  {
    keys: ["arrivals", "searches"],
    expected: "bench live",
    sections: eachOf(({ content }) => [liveSection(content)]),
  },
];

const objectSchema = z.record(z.string(), z.unknown());

function readerOf({ path, content }: ReportDocument): Reader {
  const parsed = objectSchema.safeParse(content);
  const found = parsed.success ? Object.keys(parsed.data) : [];
  const reader = readers.find(({ keys }) => keys.every((key) => found.includes(key)));
  if (reader !== undefined) return reader;
  const expected = `the JSON of ${readers.map((one) => `trimtab ${one.expected}`).join(" or ")}`;
  throw new ConfigError(path, [{ path: "", expected, found: parsed.success ? `keys ${found.join(", ")}` : "none" }]);
}

/**
 * Sections of the results page, in the order of the kinds.
 * @throws {ConfigError} for a document of none of them, or one that is not whole
 */
export function reportSections(documents: readonly ReportDocument[]): string[] {
  const read = documents.map((document) => ({ document, reader: readerOf(document) }));
  return readers.flatMap((kind) => {
    const ofKind = read.flatMap(({ document, reader }) => (reader === kind ? [document] : []));
    return ofKind.length === 0 ? [] : kind.sections(ofKind).map((section) => `${section.trimEnd()}\n`);
  });
}
