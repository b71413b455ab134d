"""Spaces as the service tells them, as Gymnasium has them."""

from __future__ import annotations

from typing import Any, Mapping

import numpy as np
from gymnasium import spaces


def box_from(info: Mapping[str, Any]) -> spaces.Box:
    """The observation space."""
    low = np.asarray(info["low"], dtype=np.float64)
    high = np.asarray(info["high"], dtype=np.float64)
    return spaces.Box(low, high, dtype=np.float64)


def multi_discrete_from(info: Mapping[str, Any]) -> spaces.MultiDiscrete:
    """The action space: a position on each knob."""
    return spaces.MultiDiscrete(np.asarray(info["nvec"], dtype=np.int64))
