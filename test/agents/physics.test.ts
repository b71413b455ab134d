import { actualServer } from "../../agents/physics.ts";

const server = { host: "host", instances: 9, resource: 4, maxBatch: 32, maxDelayMs: 5, occupancy: 2 };

test("fewer instances than configured fill the machine in proportion", () => {
  // 9 of 4 threads on 18 cores are 2 threads a core; 6 of them 24/18.
  const { instances, occupancy } = actualServer(server, { mostAtOnce: 6, mostPerBatch: null });
  expect([instances, occupancy]).toEqual([6, 24 / 18]);
});

test("smaller batches than configured change nothing else, and a limit above what runs changes nothing", () => {
  expect(actualServer(server, { mostAtOnce: null, mostPerBatch: 8 })).toEqual({ ...server, maxBatch: 8 });
  expect(actualServer(server, { mostAtOnce: 12, mostPerBatch: null })).toEqual(server);
});
