// A strict JSON scanner over bytes: where values end, without turning them into objects.
//
// Requests are merged and answers split by cutting their text, so numbers leave as they came: an INT64 beyond 2^53
// survives, which JSON.parse would round. Grammar: RFC 8259, held to JSON.parse by a property test.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
/** The byte an array begins with. */
export const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const LOWER_E = 0x65;
const UPPER_E = 0x45;
const LOWER_U = 0x75;

/** Arrays and objects inside one another; a body deeper than this is refused rather than followed. */
const DEEPEST = 64;

/** Raised when bytes are not JSON, or not the JSON that was expected. */
export class ScanError extends Error {
  override readonly name = "ScanError";
}

/** Kinds of values, by their first byte. */
export type ValueKind = "array" | "object" | "string" | "number" | "boolean" | "null";

function fail(expected: string, at: number): never {
  throw new ScanError(`JSON at byte ${at}: expected ${expected}`);
}

/** Position of the first byte at or after `at` that is no white space. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let i = at;
  for (;;) {
    const byte = bytes[i];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return i;
    i += 1;
  }
}

/** What kind of value begins at `at`. @throws {ScanError} when none does */
export function kindAt(bytes: Uint8Array, at: number): ValueKind {
  const byte = bytes[at];
  if (byte === OPEN_ARRAY) return "array";
  if (byte === OPEN_OBJECT) return "object";
  if (byte === QUOTE) return "string";
  if (byte === 0x74 || byte === 0x66) return "boolean";
  if (byte === 0x6e) return "null";
  if (byte === MINUS || isDigit(byte)) return "number";
  return fail("a value", at);
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

function isHexadecimal(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}

/** Characters that may follow a backslash, u apart. */
const escapable = new Set([...'"\\/bfnrt'].map((character) => character.charCodeAt(0)));

function stringEnd(bytes: Uint8Array, at: number): number {
  let i = at + 1;
  for (;;) {
    const byte = bytes[i];
    if (byte === QUOTE) return i + 1;
    if (byte === undefined || byte < 0x20) return fail("a string's end", i);
    i += 1;
    if (byte !== BACKSLASH) continue;
    const escaped = bytes[i];
    i += 1;
    if (escaped === LOWER_U) {
      for (const end = i + 4; i < end; i++) if (!isHexadecimal(bytes[i])) return fail("a hexadecimal digit", i);
    } else if (escaped === undefined || !escapable.has(escaped)) return fail("an escape", i - 1);
  }
}

function digitsEnd(bytes: Uint8Array, at: number): number {
  let i = at;
  while (isDigit(bytes[i])) i += 1;
  return i > at ? i : fail("a digit", i);
}

function numberEnd(bytes: Uint8Array, at: number): number {
  let i = bytes[at] === MINUS ? at + 1 : at;
  i = bytes[i] === ZERO ? i + 1 : digitsEnd(bytes, i);
  if (bytes[i] === DOT) i = digitsEnd(bytes, i + 1);
  if (bytes[i] === LOWER_E || bytes[i] === UPPER_E) {
    i += 1;
    if (bytes[i] === PLUS || bytes[i] === MINUS) i += 1;
    i = digitsEnd(bytes, i);
  }
  return i;
}

function wordEnd(bytes: Uint8Array, at: number, word: string): number {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word.charCodeAt(i)) return fail(word, at);
  return at + word.length;
}

/** Position after the value that begins at `at`. @throws {ScanError} when it is not JSON */
export function valueEnd(bytes: Uint8Array, at: number, depth = 0): number {
  switch (kindAt(bytes, at)) {
    case "string":
      return stringEnd(bytes, at);
    case "number":
      return numberEnd(bytes, at);
    case "boolean":
      return wordEnd(bytes, at, bytes[at] === 0x74 ? "true" : "false");
    case "null":
      return wordEnd(bytes, at, "null");
    case "array":
      return eachElement(bytes, at, (from) => valueEnd(bytes, from, deeper(depth, from)));
    case "object":
      return eachMember(bytes, at, (_start, _end, from) => valueEnd(bytes, from, deeper(depth, from)));
  }
}

function deeper(depth: number, at: number): number {
  return depth < DEEPEST ? depth + 1 : fail(`at most ${DEEPEST} levels`, at);
}

/**
 * Visits the elements of the array that begins at `at`.
 * @param visit gets where an element begins, and returns where it ends
 * @returns position after the array
 */
export function eachElement(bytes: Uint8Array, at: number, visit: (from: number) => number): number {
  if (bytes[at] !== OPEN_ARRAY) return fail("an array", at);
  let i = skipSpace(bytes, at + 1);
  if (bytes[i] === CLOSE_ARRAY) return i + 1;
  for (;;) {
    i = skipSpace(bytes, visit(i));
    if (bytes[i] === CLOSE_ARRAY) return i + 1;
    if (bytes[i] !== COMMA) return fail("a comma or the array's end", i);
    i = skipSpace(bytes, i + 1);
  }
}

/**
 * Visits the members of the object that begins at `at`.
 * @param visit gets where the name begins and ends, quotes included, and where the value begins; returns where it ends
 * @returns position after the object
 */
export function eachMember(
  bytes: Uint8Array,
  at: number,
  visit: (nameStart: number, nameEnd: number, from: number) => number,
): number {
  if (bytes[at] !== OPEN_OBJECT) return fail("an object", at);
  let i = skipSpace(bytes, at + 1);
  if (bytes[i] === CLOSE_OBJECT) return i + 1;
  for (;;) {
    if (bytes[i] !== QUOTE) return fail("a name", i);
    const nameEnd = stringEnd(bytes, i);
    const colon = skipSpace(bytes, nameEnd);
    if (bytes[colon] !== COLON) return fail("a colon", colon);
    i = skipSpace(bytes, visit(i, nameEnd, skipSpace(bytes, colon + 1)));
    if (bytes[i] === CLOSE_OBJECT) return i + 1;
    if (bytes[i] !== COMMA) return fail("a comma or the object's end", i);
    i = skipSpace(bytes, i + 1);
  }
}

/** Checks that nothing but white space follows a document. @throws {ScanError} when something does */
export function expectEnd(bytes: Uint8Array, at: number): void {
  const end = skipSpace(bytes, at);
  if (end < bytes.length) fail("the end", end);
}
