// Trainings: start one in a worker, watch it, stop it.

import { z } from "zod";
import { type Route, route } from "../route.ts";
import { idParams, pageOf, trainingBody, trainingJson } from "../schemas.ts";
import type { Trainings } from "../trainings.ts";

/** `/v1/trainings`. */
export function trainingRoutes(trainings: Trainings): Route[] {
  const tag = "trainings";
  return [
    route({
      method: "post",
      path: "/v1/trainings",
      tag,
      summary: "Starts a training in a worker",
      body: trainingBody,
      answer: { status: 202, description: "The training, under way", schema: trainingJson },
      handle: async ({ body }) => {
        const training = await trainings.start(body);
        return { status: 202, json: training, headers: { location: `/v1/trainings/${training.id}` } };
      },
    }),
    route({
      method: "get",
      path: "/v1/trainings",
      tag,
      summary: "All trainings, oldest first",
      answer: { description: "All of them", schema: pageOf(trainingJson) },
      handle: () => ({ json: { items: trainings.list(), next: null } }),
    }),
    route({
      method: "get",
      path: "/v1/trainings/{id}",
      tag,
      summary: "A training",
      params: idParams,
      answer: { description: "The training", schema: trainingJson },
      handle: ({ params }) => ({ json: trainings.get(params.id) }),
    }),
    route({
      method: "get",
      path: "/v1/trainings/{id}/events",
      tag,
      summary: "A training as server-sent events: `progress` with each change, `end` with the last",
      params: idParams,
      answer: { description: "Events until the training is over", contentType: "text/event-stream" },
      handle: ({ params }) => {
        trainings.get(params.id);
        return {
          events: (send, end) =>
            trainings.watch(params.id, (training) => {
              const over = training.status !== "running";
              send(over ? "end" : "progress", training);
              if (over) end();
            }),
        };
      },
    }),
    ...(["post", "delete"] as const).map((method) =>
      route({
        method,
        path: method === "post" ? "/v1/trainings/{id}/stop" : "/v1/trainings/{id}",
        tag,
        summary: "Stops a training; what its finished episodes came to stays",
        params: idParams,
        ...(method === "post" ? { body: z.strictObject({}) } : {}),
        answer: { status: 202, description: "The training, about to stop", schema: trainingJson },
        handle: ({ params }) => ({ status: 202, json: trainings.stop(params.id) }),
      }),
    ),
  ];
}
