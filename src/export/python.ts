// The policy as a Python program: features from the observation's history, the decision, and nothing else.

import type { PolicyExporter } from "../core/index.ts";
import { always, textOf } from "./exact.ts";
import { programText, runProgram } from "./program.ts";

/** Exports a policy as source text. */
export const pythonExporter: PolicyExporter = {
  format: "python",
  mediaType: "text/x-python",
  summary: "Python module that needs the standard library alone",
  exact: always,
  export: async (source) => [{ name: "policy.py", content: programText(source, "py") }],
  replay: async (files, source) => runProgram(textOf(files, "policy.py"), source.portable().form),
};
