"""One environment of a Trimtab service."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple, cast

import gymnasium
import numpy as np
from numpy.typing import NDArray

from .client import Client
from .spaces import box_from, multi_discrete_from

Observation = NDArray[np.float64]
Action = NDArray[np.int64]


class TrimtabEnv(gymnasium.Env[Observation, Action]):
    """A serving cluster to tune: actions are positions on its knobs, rewards are minus its cost and latency.

    Episodes are truncated, never terminated: tuning goes on. `knobs` says what the positions stand for, `features` the
    name, unit and bounds of each element of an observation.
    """

    metadata: Dict[str, Any] = {"render_modes": []}

    def __init__(
        self,
        env_id: str,
        url: Optional[str] = None,
        token: Optional[str] = None,
        max_steps: Optional[int] = None,
        interval_s: Optional[float] = None,
        render_mode: Optional[str] = None,
    ) -> None:
        self.render_mode = render_mode
        self._client = Client(url, token)
        kwargs = {} if interval_s is None else {"interval_s": interval_s}
        body = {"env_id": env_id, "max_episode_steps": max_steps, "kwargs": kwargs}
        self._path = f"/v1/envs/{self._client.ask('POST', '/v1/envs/', body)['instance_id']}"
        observation = self._client.ask("GET", f"{self._path}/observation_space/")
        action = self._client.ask("GET", f"{self._path}/action_space/")
        self.observation_space = cast("gymnasium.Space[Observation]", box_from(observation["info"]))
        self.action_space = multi_discrete_from(action["info"])
        self.features: List[Dict[str, Any]] = observation["features"]
        self.knobs: List[Dict[str, Any]] = action["knobs"]
        self._closed = False

    def reset(
        self, *, seed: Optional[int] = None, options: Optional[Dict[str, Any]] = None
    ) -> Tuple[Observation, Dict[str, Any]]:
        """Starts an episode; without a seed the service's stream of chance goes on."""
        super().reset(seed=seed)
        answer = self._client.ask("POST", f"{self._path}/reset/", {"seed": seed, "options": options})
        return np.asarray(answer["observation"], dtype=np.float64), answer["info"]

    def step(self, action: Action) -> Tuple[Observation, float, bool, bool, Dict[str, Any]]:
        """Takes an action and lets the interval pass."""
        answer = self._client.ask("POST", f"{self._path}/step/", {"action": np.asarray(action).tolist()})
        observation = np.asarray(answer["observation"], dtype=np.float64)
        return observation, float(answer["reward"]), answer["terminated"], answer["truncated"], answer["info"]

    def render(self) -> None:
        """There is nothing to see."""

    def close(self) -> None:
        """Closes the environment in the service; may be called twice."""
        if not self._closed:
            self._closed = True
            self._client.ask("DELETE", self._path)
            self._client.close()
