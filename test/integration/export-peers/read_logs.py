"""Reads a Minari dataset with Minari and event files with TensorBoard's own reader; prints what they hold."""

import json
import os
import sys

root, dataset_id, events = sys.argv[1:4]
os.environ["MINARI_DATASETS_PATH"] = root
import minari  # noqa: E402
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: E402

dataset = minari.load_dataset(dataset_id)
episodes = list(dataset.iterate_episodes())
accumulator = EventAccumulator(events)
accumulator.Reload()
scalars = {tag: [[event.step, event.value] for event in accumulator.Scalars(tag)] for tag in accumulator.Tags()["scalars"]}
print(
    json.dumps(
        {
            "episodes": dataset.total_episodes,
            "steps": dataset.total_steps,
            "observationShape": dataset.observation_space.shape,
            "nvec": dataset.action_space.nvec.tolist(),
            "inSpace": all(dataset.observation_space.contains(o) for e in episodes for o in e.observations)
            and all(dataset.action_space.contains(a) for e in episodes for a in e.actions),
            "observations": [len(e.observations) for e in episodes],
            "rewardSums": [float(e.rewards.sum()) for e in episodes],
            "truncated": [bool(e.truncations[-1]) for e in episodes],
            "scalars": scalars,
        }
    )
)
