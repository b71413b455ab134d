// Option parsers shared by the commands; a value that does not fit is a usage error.

import { InvalidArgumentError } from "commander";

/** A whole number of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`expected a whole number of at least ${least}, found "${text}".`);
    }
    return value;
  };
}

/** A port, 0 for any that is free. */
export function portNumber(text: string): number {
  const value = wholeNumber(0)(text);
  if (value > 65_535) throw new InvalidArgumentError(`expected a port of at most 65535, found "${text}".`);
  return value;
}

/** A number above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value)))
    throw new InvalidArgumentError(`expected a number above 0, found "${text}".`);
  return value;
}

/** Names separated by commas, none empty; settings after a colon may have commas of their own: `a,b:x=1,y=2,c`. */
export function nameList(text: string): string[] {
  const names: string[] = [];
  for (const part of text.split(",").map((piece) => piece.trim())) {
    const last = names.at(-1);
    if (last?.includes(":") && /^[^:/]+=/.test(part)) names[names.length - 1] = `${last},${part}`;
    else names.push(part);
  }
  if (names.some((name) => name === ""))
    throw new InvalidArgumentError(`expected names separated by commas, found "${text}".`);
  return names;
}

/** Some of a fixed list of names, separated by commas. */
export function someOf<Name extends string>(known: readonly Name[]): (text: string) => Name[] {
  return (text) =>
    nameList(text).map((name) => {
      const found = known.find((one) => one === name);
      if (found === undefined) throw new InvalidArgumentError(`expected some of ${known.join(", ")}, found "${name}".`);
      return found;
    });
}
