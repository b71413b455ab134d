import { CholeskyDecomposition, Matrix } from "ml-matrix";
import { GaussianProcess, learnLengthScales, matern52, SeededRandom } from "../../src/math/index.ts";

const options = { lengthScales: [2, 0.5], signalVariance: 1.7, noiseVariance: 0.01, mean: 0.3 };

function points(count: number, seed: number): number[][] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => [4 * random.next(), random.next()]);
}

function kernel(a: readonly number[], b: readonly number[]): number {
  const d = Math.hypot(((a[0] ?? 0) - (b[0] ?? 0)) / 2, ((a[1] ?? 0) - (b[1] ?? 0)) / 0.5);
  return 1.7 * matern52(d);
}

test("the Matérn-5/2 correlation is 1 at 0 and (1 + √5 + 5/3) e^-√5 at 1", () => {
  expect(matern52(0)).toBe(1);
  expect(matern52(1)).toBeCloseTo((1 + Math.sqrt(5) + 5 / 3) * Math.exp(-Math.sqrt(5)), 12);
});

test("row by row it believes what the textbook's one-shot solution believes", () => {
  const xs = points(25, 1);
  const ys = xs.map(([a = 0, b = 0]) => Math.sin(a) + b);
  const grid = points(40, 2);
  const process = new GaussianProcess(options, grid);
  xs.forEach((x, i) => {
    process.add(x, ys[i] ?? 0);
  });
  const covariance = new Matrix(xs.map((a, i) => xs.map((b, j) => kernel(a, b) + (i === j ? 0.01 + 1.7e-9 : 0))));
  const cholesky = new CholeskyDecomposition(covariance);
  const weights = cholesky.solve(Matrix.columnVector(ys.map((y) => y - 0.3)));
  grid.forEach((x, c) => {
    const k = Matrix.columnVector(xs.map((a) => kernel(a, x)));
    const mean = 0.3 + k.transpose().mmul(weights).get(0, 0);
    const variance = 1.7 - k.transpose().mmul(cholesky.solve(k)).get(0, 0);
    expect(process.candidate(c).mean).toBeCloseTo(mean, 8);
    expect(process.candidate(c).variance).toBeCloseTo(variance, 8);
    expect(process.predict(x).mean).toBeCloseTo(mean, 8);
    expect(process.predict(x).variance).toBeCloseTo(variance, 8);
  });
  const residual = Matrix.columnVector(ys.map((y) => y - 0.3));
  const logDeterminant = 2 * cholesky.lowerTriangularMatrix.diagonal().reduce((sum, d) => sum + Math.log(d), 0);
  const expected =
    -residual.transpose().mmul(weights).get(0, 0) / 2 - logDeterminant / 2 - (25 / 2) * Math.log(2 * Math.PI);
  expect(process.logLikelihood()).toBeCloseTo(expected, 8);
});

test("replaced values give the beliefs of a process that saw them in the first place", () => {
  const xs = points(12, 3);
  const first = new GaussianProcess(options, xs);
  const second = new GaussianProcess(options, xs);
  xs.forEach((x, i) => {
    first.add(x, 5);
    second.add(x, i);
  });
  first.setValues(xs.map((_, i) => i));
  xs.forEach((_, c) => {
    expect(first.candidate(c)).toEqual(second.candidate(c));
  });
});

test("the same point seen twice is believed more, and does not break the factor", () => {
  const process = new GaussianProcess(options);
  process.add([1, 1], 2);
  const once = process.predict([1, 1]).variance;
  process.add([1, 1], 2);
  process.add([1, 1], 2, 0);
  expect(process.predict([1, 1]).variance).toBeLessThan(once);
  expect(process.predict([1, 1]).mean).toBeCloseTo(2, 6);
});

test("learned length-scales tell the dimension that matters from the one that does not", () => {
  const xs = points(30, 4);
  const values = xs.map(([a = 0]) => Math.sin(3 * a));
  const start = { ...options, lengthScales: [1, 1], mean: 0, noiseVariance: 1e-4 };
  const [first = 0, second = 0] = learnLengthScales(start, { points: xs, values }, [1, 1], 2);
  expect(second).toBeGreaterThan(3 * first);
});
