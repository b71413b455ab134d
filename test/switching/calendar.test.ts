import type { RecordedLoad } from "../../src/switching/index.ts";
import { CALENDAR_DAYS, type Calendar, calendarsOf, readCalendar, SLOT_S } from "../../src/switching/index.ts";

const DAY_S = 86_400;
const DAY_SLOTS = DAY_S / SLOT_S;
const LAUNCH_SLOTS = 14;
const NOON_S = 43_200;

/** Days of 50 requests a second with a level of their own from noon to one. */
function days(levels: readonly number[], missing: (timeS: number) => boolean = () => false): RecordedLoad {
  const slots = Array.from({ length: levels.length * DAY_SLOTS }, (_, slot) => slot * SLOT_S).filter(
    (timeS) => !missing(timeS),
  );
  const counts = new Float32Array(slots.length * SLOT_S);
  slots.forEach((timeS, slot) => {
    const ofDayS = timeS % DAY_S;
    const level = ofDayS >= NOON_S && ofDayS < NOON_S + 3600 ? (levels[Math.floor(timeS / DAY_S)] ?? 50) : 50;
    counts.fill(level, slot * SLOT_S, (slot + 1) * SLOT_S);
  });
  return { slots: slots.length, counts, startS: Float64Array.from(slots) };
}

function told(calendar: Calendar | undefined, timeS: number): number[] {
  const row = new Float64Array(5);
  calendar?.write(row, 0, timeS);
  return [...row];
}

test("a calendar tells how the load went on at a time of day, by median and 80th percentile", () => {
  const calendars = calendarsOf(days([100, 200, 400, 50, 50, 50]), LAUNCH_SLOTS);
  // 260 s before noon the soon window [140, 260] s ahead ends at noon; 150 s before, it lies in the hour.
  const [soonBefore, , laterBefore] = told(calendars?.all, NOON_S - 270);
  expect(soonBefore).toBeCloseTo(0, 6);
  expect(laterBefore).toBeGreaterThan(0);
  const [soon = 0, high = 0, , , halfHours] = told(calendars?.all, NOON_S - 120);
  // Growths log 1, 1, 1, 2, 4, 8: the median is halfway from log 1 to log 2, the 80th percentile log 4.
  expect(soon).toBeCloseTo(Math.log(2) / 2, 2);
  expect(high).toBeCloseTo(Math.log(4), 2);
  expect(halfHours).toBeCloseTo(1 - 120 / 1800, 6);
});

test("a day's own rows read the other days alone", () => {
  const calendars = calendarsOf(days([400, 50, 50, 50]), LAUNCH_SLOTS);
  const at = (day: number): number => told(calendars?.others(day * DAY_S + 100), NOON_S - 120)[1] ?? 0;
  expect(at(0)).toBeCloseTo(0, 6);
  expect(at(1)).toBeGreaterThan(0.5);
});

test("missing data is left out of what other days tell", () => {
  const hole = (timeS: number): boolean => timeS >= DAY_S + NOON_S - 600 && timeS < DAY_S + NOON_S + 3600;
  const [soon] = told(calendarsOf(days([400, 50, 400, 400], hole), LAUNCH_SLOTS)?.all, NOON_S - 120);
  expect(soon).toBeCloseTo(Math.log(8), 2);
});

test("a load of too few days has no calendar", () => {
  expect(calendarsOf(days(new Array<number>(CALENDAR_DAYS - 1).fill(50)), LAUNCH_SLOTS)).toBeNull();
  expect(calendarsOf(days([]), LAUNCH_SLOTS)).toBeNull();
});

test("a calendar written and read again tells the same, and anything else is refused", () => {
  const all = calendarsOf(days([100, 200, 400]), LAUNCH_SLOTS)?.all;
  const again = readCalendar(all?.save() ?? "");
  for (const timeS of [0, NOON_S - 120, NOON_S + 3500, 10 * DAY_S + 5])
    expect(told(again, timeS)).toEqual(told(all, timeS));
  expect(() => readCalendar("AAAA")).toThrow(RangeError);
});
