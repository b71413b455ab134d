// Minari datasets: what an agent saw, did and got, episode by episode, for learners that only read.
//
// <root>/<id>/data/metadata.json, and data/<episode>/part-0.arrow with N + 1 rows: the last is the final observation,
// its other columns zero.
// Source: Minari 0.5, docs/content/dataset_standards.md and minari/dataset.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type ClusterState, ConfigError, type KnobLattice, type Space, type Transition } from "../core/index.ts";
import { writeFileAtomically } from "../store/index.ts";

/** The version of Minari whose layout this is. */
const MINARI_VERSION = "0.5.3";

/** What a dataset is about. */
export interface DatasetOrder {
  /** Folder of all datasets, as `MINARI_DATASETS_PATH` names it. */
  readonly root: string;
  /** "namespace/name-v0". */
  readonly id: string;
  readonly observationSpace: Space<ClusterState>;
  readonly actionSpace: KnobLattice;
  readonly algorithm: string;
}

interface Episode {
  readonly observations: Float64Array[];
  readonly actions: Int32Array[];
  readonly rewards: number[];
  readonly truncations: boolean[];
}

const ID = /^([A-Za-z0-9_-]+\/)*[A-Za-z0-9_]+(-[A-Za-z0-9_]+)*-v\d+$/;

function flat(rows: readonly ArrayLike<number>[], width: number): Float64Array {
  const all = new Float64Array(rows.length * width);
  rows.forEach((row, i) => {
    all.set(row, i * width);
  });
  return all;
}

/** Columns of an episode as an Arrow file. */
async function arrowFile(episode: number, steps: Episode, order: DatasetOrder): Promise<Uint8Array> {
  const arrow = await import("apache-arrow");
  const { observations, actions, rewards, truncations } = steps;
  const rows = observations.length;
  const lists = <T extends import("apache-arrow").DataType>(
    item: T,
    width: number,
    child: import("apache-arrow").Data<T>,
  ) =>
    arrow.makeVector(
      arrow.makeData({
        type: new arrow.FixedSizeList(width, new arrow.Field("item", item)),
        length: rows,
        nullCount: 0,
        child,
      }),
    );
  const seen = order.observationSpace.size;
  const knobs = order.actionSpace.knobs.length;
  const seenType = new arrow.Float64();
  const positionType = new arrow.Int64();
  const positions = BigInt64Array.from({ length: rows * knobs }, (_, i) =>
    BigInt(actions[Math.floor(i / knobs)]?.[i % knobs] ?? 0),
  );
  const flags = (values: readonly boolean[]) =>
    arrow.vectorFromArray([...values, ...new Array<boolean>(rows - values.length).fill(false)], new arrow.Bool());
  const table = new arrow.Table({
    episode_id: arrow.makeVector(Int32Array.from({ length: rows }, () => episode)),
    observations: lists(
      seenType,
      seen,
      arrow.makeData({ type: seenType, length: rows * seen, nullCount: 0, data: flat(observations, seen) }),
    ),
    actions: lists(
      positionType,
      knobs,
      arrow.makeData({ type: positionType, length: rows * knobs, nullCount: 0, data: positions }),
    ),
    rewards: arrow.makeVector(Float64Array.from({ length: rows }, (_, i) => rewards[i] ?? 0)),
    terminations: flags([]),
    truncations: flags(truncations),
  });
  return arrow.tableToIPC(table, "file");
}

/** Writes a dataset, episode by episode. */
export class MinariWriter {
  readonly #order: DatasetOrder;
  readonly #folder: string;
  #episode: Episode = { observations: [], actions: [], rewards: [], truncations: [] };
  #episodes = 0;
  #steps = 0;
  #bytes = 0;

  /** @throws {ConfigError} for an id Minari does not take */
  constructor(order: DatasetOrder) {
    if (!ID.test(order.id)) {
      throw new ConfigError("dataset", [{ path: "id", expected: "namespace/name-v0", found: order.id }]);
    }
    this.#order = order;
    this.#folder = join(order.root, order.id, "data");
  }

  /** Takes in a step of the running episode. */
  add({ observation, applied, reward, next, truncated }: Transition): void {
    const { observationSpace, actionSpace } = this.#order;
    const { observations, actions, rewards, truncations } = this.#episode;
    if (observations.length === 0) observations.push(observationSpace.encode(observation));
    observations.push(observationSpace.encode(next));
    actions.push(actionSpace.coordinates(applied));
    rewards.push(reward);
    truncations.push(truncated);
  }

  /** Writes the running episode, where it has steps. */
  async endEpisode(): Promise<void> {
    const steps = this.#episode.actions.length;
    if (steps === 0) return;
    const bytes = await arrowFile(this.#episodes, this.#episode, this.#order);
    const folder = join(this.#folder, String(this.#episodes));
    await mkdir(folder, { recursive: true });
    await writeFileAtomically(join(folder, "part-0.arrow"), bytes);
    const metadata = { id: this.#episodes, total_steps: steps };
    await writeFileAtomically(join(folder, "metadata.json"), JSON.stringify(metadata));
    this.#episode = { observations: [], actions: [], rewards: [], truncations: [] };
    this.#episodes += 1;
    this.#steps += steps;
    this.#bytes += bytes.length;
  }

  /** Ends the dataset: what it holds is told, and it can be opened. */
  async close(): Promise<void> {
    await this.endEpisode();
    const { id, observationSpace, actionSpace, algorithm } = this.#order;
    const metadata = {
      dataset_id: id,
      total_episodes: this.#episodes,
      total_steps: this.#steps,
      data_format: "arrow",
      observation_space: JSON.stringify(observationSpace.toJSON()),
      action_space: JSON.stringify(actionSpace.toJSON()),
      algorithm_name: algorithm,
      code_permalink: "",
      author: [],
      author_email: [],
      minari_version: MINARI_VERSION,
      dataset_size: Math.max(0.1, Math.round(this.#bytes / 1e5) / 10),
    };
    await mkdir(this.#folder, { recursive: true });
    await writeFileAtomically(join(this.#folder, "metadata.json"), JSON.stringify(metadata));
  }
}
