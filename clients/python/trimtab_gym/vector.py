"""Many environments of a Trimtab service, stepped by one request."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from .client import Client
from .spaces import box_from, multi_discrete_from

Observations = NDArray[np.float64]
Flags = NDArray[np.bool_]
Step = Tuple[Observations, NDArray[np.float64], Flags, Flags, Dict[str, Any]]


class TrimtabVectorEnv(VectorEnv[Observations, NDArray[np.int64], NDArray[Any]]):
    """A vector of one kind of environment, with Gymnasium's three ways to start the next episode."""

    def __init__(
        self,
        env_id: str,
        num_envs: int = 1,
        url: Optional[str] = None,
        token: Optional[str] = None,
        max_steps: Optional[int] = None,
        interval_s: Optional[float] = None,
        autoreset_mode: Union[str, AutoresetMode] = AutoresetMode.NEXT_STEP,
        render_mode: Optional[str] = None,
    ) -> None:
        mode = AutoresetMode(autoreset_mode)
        self.metadata = {"render_modes": [], "autoreset_mode": mode}
        self.render_mode = render_mode
        self.num_envs = num_envs
        self._client = Client(url, token)
        body = {
            "env_id": env_id,
            "num_envs": num_envs,
            "autoreset_mode": mode.value,
            "max_episode_steps": max_steps,
            "kwargs": {} if interval_s is None else {"interval_s": interval_s},
        }
        self._path = f"/v1/vector_envs/{self._client.ask('POST', '/v1/vector_envs', body)['instance_id']}"
        observation = self._client.ask("GET", f"{self._path}/single_observation_space")
        action = self._client.ask("GET", f"{self._path}/single_action_space")
        self.single_observation_space = box_from(observation["info"])
        self.single_action_space = multi_discrete_from(action["info"])
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.knobs: List[Dict[str, Any]] = action["knobs"]
        self.features: List[Dict[str, Any]] = observation["features"]

    def reset(
        self,
        *,
        seed: Optional[Union[int, Sequence[Optional[int]]]] = None,
        options: Optional[Dict[str, Any]] = None,
    ) -> Tuple[Observations, Dict[str, Any]]:
        """Starts an episode in each environment, or in those of `options["reset_mask"]`."""
        told = None if seed is None or isinstance(seed, int) else list(seed)
        mask = None if options is None else options.get("reset_mask")
        body: Dict[str, Any] = {"seed": seed if isinstance(seed, int) else told}
        if mask is not None:
            body["options"] = {"reset_mask": np.asarray(mask, dtype=bool).tolist()}
        answer = self._client.ask("POST", f"{self._path}/reset", body)
        return np.asarray(answer["observations"], dtype=np.float64), _infos(answer["infos"])

    def step(self, actions: NDArray[np.int64]) -> Step:
        """Takes an action in each environment."""
        answer = self._client.ask("POST", f"{self._path}/step", {"actions": np.asarray(actions).tolist()})
        return _step(answer)

    def steps(self, actions: NDArray[np.int64]) -> List[Step]:
        """Takes several steps by one request. `actions` has the shape [steps, environments, knobs]."""
        answer = self._client.ask("POST", f"{self._path}/steps", {"actions": np.asarray(actions).tolist()})
        return [_step(step) for step in answer["steps"]]

    def close_extras(self, **kwargs: Any) -> None:
        """Closes the vector in the service."""
        self._client.ask("DELETE", self._path)
        self._client.close()


def _step(answer: Dict[str, Any]) -> Step:
    return (
        np.asarray(answer["observations"], dtype=np.float64),
        np.asarray(answer["rewards"], dtype=np.float64),
        np.asarray(answer["terminations"], dtype=np.bool_),
        np.asarray(answer["truncations"], dtype=np.bool_),
        _infos(answer["infos"]),
    )


def _infos(infos: Dict[str, Any]) -> Dict[str, Any]:
    """Infos as arrays, those of a final step too."""
    joined: Dict[str, Any] = {}
    for key, value in infos.items():
        if isinstance(value, dict):
            joined[key] = _infos(value)
        elif key == "final_obs":
            joined[key] = np.array([None if row is None else np.asarray(row, dtype=np.float64) for row in value] + [None], dtype=object)[:-1]
        elif key.startswith("_"):
            joined[key] = np.asarray(value, dtype=np.bool_)
        elif all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in value):
            joined[key] = np.asarray(value, dtype=np.float64)
        else:
            joined[key] = np.array([*value, None], dtype=object)[:-1]
    return joined
