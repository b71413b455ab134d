"""Trains Stable-Baselines3's PPO on an environment of a running service; prints rewards before and after as JSON."""

import argparse
import json
import time

import gymnasium
import numpy as np
import torch
import trimtab_gym  # registers the environments
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

EPISODE_STEPS = 100
EVALUATED_EPISODES = 5


def rewards(model: PPO, env: VecNormalize, seed: int) -> list:
    """Mean reward a step of episodes on seeds of their own, the same for every policy."""
    env.training = False
    found = []
    for episode in range(EVALUATED_EPISODES):
        env.seed(seed + episode)
        observation = env.reset()
        total = 0.0
        for _ in range(EPISODE_STEPS):
            action, _ = model.predict(observation, deterministic=True)
            observation, _, _, _ = env.step(action)
            total += float(env.get_original_reward()[0])
        found.append(total / EPISODE_STEPS)
    env.training = True
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--env", default="trimtab/ImageMmpp-v0")
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(1)

    def make() -> gymnasium.Env:
        return gymnasium.make(asked.env, url=asked.url, max_steps=EPISODE_STEPS, interval_s=10.0)

    env = VecNormalize(DummyVecEnv([make]))
    model = PPO("MlpPolicy", env, seed=asked.seed, n_steps=1000, batch_size=250, device="cpu")
    before = rewards(model, env, 100)
    started = time.monotonic()
    model.learn(asked.steps)
    seconds = time.monotonic() - started
    after = rewards(model, env, 100)
    env.close()
    print(
        json.dumps(
            {
                "steps": asked.steps,
                "seconds": seconds,
                "before": before,
                "after": after,
                "gain": float(np.mean(after) - np.mean(before)),
                "client": trimtab_gym.__name__,
            }
        )
    )


if __name__ == "__main__":
    main()
