const esmOnly = [
  "@kubernetes",
  "@marcbachmann",
  "lowdb",
  "steno",
  "highs",
  "hyparquet",
  "jose",
  "jsonpath-plus",
  "oauth4webapi",
  "openid-client",
  "rfc4648",
  "piscina",
  "d3-[a-z-]+",
  "internmap",
  "flatqueue",
  "pure-rand",
];

/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "node",
  roots: ["<rootDir>/test"],
  testMatch: ["**/*.test.ts"],
  testPathIgnorePatterns: ["<rootDir>/test/integration/"],
  transform: {
    "^.+\\.(ts|js|mjs)$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "commonjs" } },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join("|")})/)`],
  modulePathIgnorePatterns: ["<rootDir>/dist/"],
  testTimeout: 60000,
  // Globals of the sandbox are slow to look up, some ten times a call; these are handed to each module instead.
  sandboxInjectedGlobals: ["Math", "Number", "Float64Array", "Object", "Array"],
};
