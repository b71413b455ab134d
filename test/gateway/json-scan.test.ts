// The scanner takes what JSON.parse takes and nothing else.

import fc from "fast-check";
import { expectEnd, ScanError, skipSpace, valueEnd } from "../../src/gateway/json-scan.ts";

function scans(text: string): boolean {
  const bytes = Buffer.from(text);
  try {
    expectEnd(bytes, valueEnd(bytes, skipSpace(bytes, 0)));
    return true;
  } catch (error) {
    if (error instanceof ScanError) return false;
    throw error;
  }
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test("every JSON value is taken, with white space anywhere", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.integer({ min: 0, max: 3 }), (value, indent) => {
      expect(scans(JSON.stringify(value, null, indent))).toBe(true);
    }),
  );
});

test("a text with a few characters changed is taken exactly when JSON.parse takes it", () => {
  const alphabet = [...'{}[]",:\\ \n\t0123456789.eE+-truefalsn u\u0001'];
  const edit = fc.record({
    at: fc.nat(200),
    text: fc.constantFrom("", ...alphabet),
    removed: fc.integer({ min: 0, max: 2 }),
  });
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.array(edit, { maxLength: 3 }), (value, edits) => {
      let text = JSON.stringify(value);
      for (const { at, text: inserted, removed } of edits) {
        const place = at % (text.length + 1);
        text = text.slice(0, place) + inserted + text.slice(place + removed);
      }
      expect(scans(text)).toBe(parses(text));
    }),
    { numRuns: 3000 },
  );
});

test.each([
  "",
  "01",
  "1.",
  "-",
  "1e",
  ".5",
  "+1",
  "[1,]",
  '{"a":1,}',
  '{"a"}',
  '"\\x"',
  '"\\u12g4"',
  "tru",
  "nul",
  "NaN",
  "1 2",
])("%j is refused", (text) => {
  expect(parses(text)).toBe(false);
  expect(scans(text)).toBe(false);
});

test("nesting beyond 64 levels is refused rather than followed", () => {
  expect(scans(`${"[".repeat(60)}${"]".repeat(60)}`)).toBe(true);
  expect(scans(`${"[".repeat(100_000)}${"]".repeat(100_000)}`)).toBe(false);
});
