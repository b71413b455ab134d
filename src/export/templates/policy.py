"""TITLE

A standalone module: `act` takes an observation, as the service gives and takes it in JSON, and returns a configuration,
a value for every knob. It needs the standard library alone and keeps nothing between calls.
"""

from __future__ import annotations

import json
import math
import struct
from typing import Any, Dict, List, Mapping, Sequence, Union

KnobValue = Union[int, float, str]

#: What was learnt, with the knobs it sets. Infinities are written as text.
POLICY: Dict[str, Any] = json.loads(
    r"""DATA"""
)


def _value(read: Any) -> Any:
    """A knob value as a number or text; JSON has no infinity."""
    return math.inf if read == "Infinity" else read


def _nearest_position(knob: Mapping[str, Any], given: Any) -> int:
    """Position of the value of a knob nearest to the one given, the first among equals."""
    values = [_value(candidate) for candidate in knob["values"]]
    if given in values:
        return values.index(given)
    best, best_gap = 0, math.inf
    if not isinstance(given, (int, float)):
        return best
    for position, candidate in enumerate(values):
        if isinstance(candidate, (int, float)) and abs(candidate - given) < best_gap:
            best, best_gap = position, abs(candidate - given)
    return best


def _at(positions: Sequence[int]) -> Dict[str, KnobValue]:
    """The configuration at these positions, one a knob."""
    return {knob["name"]: _value(knob["values"][positions[k]]) for k, knob in enumerate(POLICY["knobs"])}


def _nearest(configuration: Mapping[str, Any]) -> Dict[str, KnobValue]:
    """The configuration of the lattice nearest to the one given."""
    return _at(
        [_nearest_position(knob, _value(configuration.get(knob["name"], knob["values"][0]))) for knob in POLICY["knobs"]]
    )
