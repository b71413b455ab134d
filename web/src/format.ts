// Figures for people: units everywhere, only as many digits as mean something, a dash where nothing is known.

const NONE = "–";

type Maybe = number | null | undefined;

function known(value: Maybe): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}

/** "$3.06". */
export function usd(value: Maybe): string {
  if (!known(value)) return NONE;
  return `$${value.toFixed(value !== 0 && Math.abs(value) < 0.1 ? 4 : 2)}`;
}

/** "98.2 %" of a share in [0, 1]. */
export function percent(share: Maybe, digits = 1): string {
  return known(share) ? `${(100 * share).toFixed(digits)} %` : NONE;
}

/** Of a share near 1, with as many nines as it has: "99.9991 %". */
export function attained(share: Maybe): string {
  if (!known(share)) return NONE;
  const digits = share >= 1 ? 0 : Math.min(4, Math.max(1, Math.ceil(-Math.log10(1 - share)) - 2));
  return `${(Math.floor(share * 10 ** (digits + 2)) / 10 ** digits).toFixed(digits)} %`;
}

/** "253 ms", "1.52 s". */
export function ms(value: Maybe): string {
  if (!known(value)) return NONE;
  return value < 1000 ? `${Number(value.toPrecision(3))} ms` : `${Number((value / 1000).toPrecision(3))} s`;
}

/** "80.4 req/s". */
export function rate(value: Maybe): string {
  return known(value) ? `${value.toFixed(value < 100 ? 1 : 0)} req/s` : NONE;
}

/** "1,440". */
export function count(value: Maybe): string {
  return known(value) ? Math.round(value).toLocaleString("en") : NONE;
}

/** Cluster times from here on are seconds of the epoch. */
const EPOCH_LIKE_S = 1e9;

/** "day 1 06:00", or a date where the cluster's clock is the world's. */
export function clock(timeS: Maybe): string {
  if (!known(timeS)) return NONE;
  if (timeS >= EPOCH_LIKE_S)
    return new Date(1000 * timeS).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
  const pad = (value: number): string => String(value).padStart(2, "0");
  const minutes = Math.floor(timeS / 60);
  return `day ${Math.floor(minutes / 1440)} ${pad(Math.floor((minutes % 1440) / 60))}:${pad(minutes % 60)}`;
}

/** "6 h", "1 d 2 h", "45 s". */
export function span(seconds: Maybe): string {
  if (!known(seconds)) return NONE;
  const [d, h, m] = [
    Math.floor(seconds / 86_400),
    Math.floor((seconds % 86_400) / 3600),
    Math.floor((seconds % 3600) / 60),
  ];
  if (d > 0) return h > 0 ? `${d} d ${h} h` : `${d} d`;
  if (h > 0) return m > 0 ? `${h} h ${m} min` : `${h} h`;
  return m > 0 ? `${m} min` : `${Math.round(seconds)} s`;
}

/** A knob's value: "never" for an infinite threshold. */
export function knobValue(value: unknown): string {
  return value === "Infinity" || value === Number.POSITIVE_INFINITY ? "never" : String(value ?? NONE);
}

/** A knob without what every name of its kind begins with. */
export function knobName(name: string): string {
  return name
    .replace(/^instances\./, "")
    .replace(/\.onDemand$/, " on demand")
    .replace(/\.spot$/, " spot");
}
