// What uniform draws are held to.

/** 99.9 % two-sided normal quantile. */
const Z = 3.29;

/** Mean, variance and lag-one correlation of uniforms within their 99.9 % bounds. */
export function expectUniform(values: readonly number[]): void {
  const n = values.length;
  expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
  let sum = 0;
  let squares = 0;
  let lagged = 0;
  let previous = 0.5;
  for (const value of values) {
    sum += value;
    squares += (value - 0.5) ** 2;
    lagged += (value - 0.5) * (previous - 0.5);
    previous = value;
  }
  expect(Math.abs(sum / n - 1 / 2)).toBeLessThan((Z * Math.sqrt(1 / 12)) / Math.sqrt(n));
  expect(Math.abs(squares / n - 1 / 12)).toBeLessThan((Z * Math.sqrt(1 / 180)) / Math.sqrt(n));
  expect(Math.abs(lagged / n)).toBeLessThan((Z * (1 / 12)) / Math.sqrt(n));
}
