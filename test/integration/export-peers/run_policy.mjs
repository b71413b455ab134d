// Runs an exported module on observations, one JSON object a line.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { act } = await import(pathToFileURL(process.argv[2]).href);
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(act(JSON.parse(line)), (_, value) => (value === Infinity ? "Infinity" : value)));
}
