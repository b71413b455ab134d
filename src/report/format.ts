// Figures for people: units, and only as many digits as mean something.

/** "$51.42"; more digits where it is little. */
export function usdText(usd: number): string {
  return `$${usd.toFixed(usd !== 0 && Math.abs(usd) < 1 ? 4 : 2)}`;
}

/** "98.2 %" of a share in [0, 1]. */
export function percentText(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** "1,234". */
export function countText(count: number): string {
  return Math.round(count).toLocaleString("en");
}

/** "250 ms", "1.5 s". */
export function msText(ms: number): string {
  return ms < 1000 ? `${Number(ms.toPrecision(3))} ms` : `${Number((ms / 1000).toPrecision(3))} s`;
}

/** "day 1 06:00" of a cluster's time. */
export function clockText(timeS: number): string {
  const minutes = Math.round(timeS / 60);
  const pad = (value: number): string => String(value).padStart(2, "0");
  return `day ${Math.floor(minutes / 1440)} ${pad(Math.floor((minutes % 1440) / 60))}:${pad(minutes % 60)}`;
}
