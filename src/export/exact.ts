// What formats say of themselves: whether they act exactly as the policy, and which knobs they hold.

import { ExportError, type ExportedFile, type ExportSource } from "../core/index.ts";
import { levelsOf } from "./decision-table.ts";

/** For formats that hold every policy they take as it is. */
export const always = (): boolean => true;

/** For formats that hold one setting of many. */
export const never = (): boolean => false;

/** For formats made of the decision table: exact for policies of load levels, distilled for others. */
export const whereLevels = (source: ExportSource): boolean => levelsOf(source) !== null;

/** The text of an exported file. @throws {ExportError} when there is no such file */
export function textOf(files: readonly ExportedFile[], name: string): string {
  const file = files.find((candidate) => candidate.name === name);
  if (file === undefined) throw new ExportError(`export: expected a file ${name}, found none`);
  return typeof file.content === "string" ? file.content : Buffer.from(file.content).toString("utf8");
}
