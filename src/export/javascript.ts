// The policy as a JavaScript program: features from the observation's history, the decision, and nothing else.

import type { PolicyExporter } from "../core/index.ts";
import { always, textOf } from "./exact.ts";
import { programText, runProgram } from "./program.ts";

/** Exports a policy as source text. */
export const javascriptExporter: PolicyExporter = {
  format: "javascript",
  mediaType: "text/javascript",
  summary: "standalone JavaScript module without dependencies, for Node, Deno and browsers",
  exact: always,
  export: async (source) => [{ name: "policy.mjs", content: programText(source, "mjs") }],
  replay: async (files, source) => runProgram(textOf(files, "policy.mjs"), source.portable().form),
};
