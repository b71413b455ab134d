"""The client against a running service, whose address is in TRIMTAB_URL; TRIMTAB_POLICY is an exported policy."""

from __future__ import annotations

import os
import unittest
import warnings
from typing import Any

import gymnasium
import numpy as np
from gymnasium.utils.env_checker import check_env

import trimtab_gym

ENV = "trimtab/ImageDiurnal-v0"


class TestClient(unittest.TestCase):
    def make(self, **kwargs: Any) -> Any:
        env = gymnasium.make(ENV, interval_s=5, **kwargs)
        self.addCleanup(env.close)
        return env

    def test_check_env_passes_without_a_warning(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check_env(self.make().unwrapped, skip_render_check=True)

    def test_episodes_are_truncated_where_asked(self) -> None:
        env = self.make(max_steps=2)
        env.reset(seed=1)
        ends = [env.step(env.action_space.sample())[2:4] for _ in range(2)]
        self.assertEqual(ends, [(False, False), (False, True)])

    def test_a_refusal_says_what_was_expected(self) -> None:
        env = self.make().unwrapped
        env.reset(seed=1)
        with self.assertRaisesRegex(trimtab_gym.TrimtabError, "expected .* positions"):
            env.step(np.array([0]))

    def test_a_vector_is_its_environments(self) -> None:
        vector = gymnasium.make_vec(ENV, num_envs=3, vectorization_mode="vector_entry_point", interval_s=5, max_steps=2)
        self.addCleanup(vector.close)
        single = self.make(max_steps=2)
        observations, _ = vector.reset(seed=4)
        observation, _ = single.reset(seed=5)
        np.testing.assert_array_equal(observations[1], observation)
        action = np.array(single.action_space.nvec // 2)
        for _ in range(2):
            observations, rewards, _, truncations, infos = vector.step(np.stack([action] * 3))
            observation, reward, _, truncated, _ = single.step(action)
            np.testing.assert_array_equal(observations[1], observation)
            self.assertEqual((rewards[1], truncations[1]), (reward, truncated))
        self.assertTrue(infos["_costUsd"].all())
        _, rewards, _, truncations, _ = vector.step(np.stack([action] * 3))
        self.assertEqual((rewards.tolist(), truncations.tolist()), ([0, 0, 0], [False] * 3))

    def test_several_steps_by_one_request(self) -> None:
        vector = trimtab_gym.TrimtabVectorEnv(ENV, num_envs=2, interval_s=5)
        self.addCleanup(vector.close)
        vector.reset(seed=4)
        actions = np.stack([vector.action_space.sample() for _ in range(5)])
        steps = vector.steps(actions)
        self.assertEqual(len(steps), 5)
        for observations, *_ in steps:
            self.assertTrue(vector.observation_space.contains(observations))

    def test_an_exported_policy_runs_in_the_environment(self) -> None:
        env = self.make().unwrapped
        policy = trimtab_gym.load_policy(os.environ["TRIMTAB_POLICY"], env.features)
        observation, _ = env.reset(seed=1)
        for _ in range(5):
            action = policy.predict(observation)
            self.assertTrue(env.action_space.contains(np.array(action)))
            observation, _, _, _, info = env.step(np.array(action))
            self.assertFalse(info["guarded"])


if __name__ == "__main__":
    unittest.main()
