const unit = require("./jest.config.cjs");

/** @type {import("jest").Config} */
module.exports = {
  ...unit,
  roots: ["<rootDir>/test/integration"],
  testPathIgnorePatterns: [],
  testTimeout: 300000,
  maxWorkers: 1,
};
