// The policy as a Go program: features from the observation's history, the decision, and nothing else.

import type { PolicyExporter } from "../core/index.ts";
import { always, textOf } from "./exact.ts";
import { programText, runProgram } from "./program.ts";

/** Exports a policy as source text. */
export const goExporter: PolicyExporter = {
  format: "go",
  mediaType: "text/x-go",
  summary: "Go package in one file that needs the standard library alone",
  exact: always,
  export: async (source) => [{ name: "policy.go", content: programText(source, "go") }],
  replay: async (files, source) => runProgram(textOf(files, "policy.go"), source.portable().form),
};
