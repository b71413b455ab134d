"""Trains Stable-Baselines3's PPO over HTTP, and prints the mean reward of a greedy episode before and after."""

import json
import sys
import time

import gymnasium
import numpy as np
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

import trimtab_gym  # noqa: F401

STEPS = int(sys.argv[1])
EPISODE = 200


def make():
    return gymnasium.make("trimtab/ImageMmpp-v0", interval_s=5, max_steps=EPISODE)


def score(model, normalise):
    env = make()
    total = 0.0
    for seed in (101, 102, 103):
        observation, _ = env.reset(seed=seed)
        done = False
        while not done:
            action, _ = model.predict(normalise.normalize_obs(observation), deterministic=True)
            observation, reward, terminated, truncated, _ = env.step(action)
            total += reward
            done = terminated or truncated
    env.close()
    return total / (3 * EPISODE)


train = VecNormalize(DummyVecEnv([make]), clip_obs=5.0)
train.seed(1)
model = PPO("MlpPolicy", train, seed=1, n_steps=1000, batch_size=250, device="cpu", verbose=0)
# The scales of the observations are learnt before the start is judged, so that both are seen alike.
train.reset()
for _ in range(200):
    train.step(np.stack([train.action_space.sample()]))
train.training = False
before = score(model, train)
train.training = True
started = time.monotonic()
model.learn(STEPS)
seconds = time.monotonic() - started
train.training = False
after = score(model, train)
print(json.dumps({"steps": model.num_timesteps, "before": before, "after": after, "seconds": seconds}))
