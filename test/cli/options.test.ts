import { nameList, positiveNumber, wholeNumber } from "../../src/cli/options.ts";

test("names are separated by commas, and settings keep theirs", () => {
  expect(nameList("static, mark")).toEqual(["static", "mark"]);
  expect(nameList("mark:overprovision=1.3,deadlineShare=0.9,static,t1")).toEqual([
    "mark:overprovision=1.3,deadlineShare=0.9",
    "static",
    "t1",
  ]);
  expect(nameList("mark:x=1,hpa:y=2")).toEqual(["mark:x=1", "hpa:y=2"]);
});

test("an empty name is refused", () => {
  for (const text of ["", "a,,b", "a,"]) expect(() => nameList(text)).toThrow(/separated by commas/);
});

test("numbers that are not whole, or too small, are refused with what was found", () => {
  expect(wholeNumber(1)("3")).toBe(3);
  for (const text of ["0", "-1", "1.5", "x", ""]) expect(() => wholeNumber(1)(text)).toThrow(`found "${text}"`);
  expect(positiveNumber("0.5")).toBe(0.5);
  for (const text of ["0", "-1", "Infinity", "x"]) expect(() => positiveNumber(text)).toThrow(`found "${text}"`);
});
