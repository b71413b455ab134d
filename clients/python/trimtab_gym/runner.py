"""Runs policies that `trimtab export --format python` wrote, on observations as JSON data or as vectors."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

KnobValue = Union[int, float, str]


class ExportedPolicy:
    """An exported policy. With the `features` of an environment it acts on the environment's vectors too."""

    def __init__(self, module: ModuleType, features: Optional[Sequence[Mapping[str, Any]]] = None) -> None:
        self._module = module
        self._names = None if features is None else [str(feature["name"]) for feature in features]
        document: Dict[str, Any] = module.POLICY
        self.kind: str = document["kind"]
        self.environment: str = document["environment"]
        self.sha256: str = document["sha256"]
        self.knobs: List[Dict[str, Any]] = document["knobs"]

    def act(self, observation: Mapping[str, Any]) -> Dict[str, KnobValue]:
        """The configuration for an observation as the service gives it in JSON."""
        configuration: Dict[str, KnobValue] = self._module.act(observation)
        return configuration

    def positions(self, configuration: Mapping[str, KnobValue]) -> List[int]:
        """A configuration as an action: the position of each knob's value."""
        return [_values(knob).index(configuration[knob["name"]]) for knob in self.knobs]

    def predict(self, vector: Sequence[float]) -> List[int]:
        """The action for an encoded observation."""
        return self.positions(self.act(self.observation(vector)))

    def observation(self, vector: Sequence[float]) -> Dict[str, Any]:
        """The observation a vector stands for, as far as vectors tell."""
        if self._names is None:
            raise ValueError("features: expected those of the environment, found none")
        if len(vector) != len(self._names):
            raise ValueError(f"vector: expected {len(self._names)} elements, found {len(vector)}")
        at = {name: float(value) for name, value in zip(self._names, vector)}
        configuration = {knob["name"]: _values(knob)[round(at[f"knob.{knob['name']}"])] for knob in self.knobs}
        moving = all(at[f"inFlight.{knob['name']}"] >= 0 for knob in self.knobs)
        in_flight = {knob["name"]: _values(knob)[round(at[f"inFlight.{knob['name']}"])] for knob in self.knobs}
        known = at["latencyObjectiveMs"] >= 0
        latency = {"objectiveMs": at["latencyObjectiveMs"], "missRatio": max(0.0, at["missRatio"])} if known else None
        return {
            "timeS": at["timeS"],
            "metrics": {
                "durationS": at["windowS"],
                "arrivals": {"rateRps": at["arrivalRateRps"], "recentRatesRps": [at["arrivalRateRps"]]},
                "latency": latency,
                "queueLength": at["queueLength"],
                "utilization": at["utilization"],
                "offloadedShare": at["offloadedShare"],
            },
            "fleet": _fleet(at),
            "configuration": configuration,
            "inFlight": in_flight if moving else None,
            "mask": None,
            "history": _history(at, configuration),
        }


def _values(knob: Mapping[str, Any]) -> List[KnobValue]:
    return [math.inf if value == "Infinity" else value for value in knob["values"]]


def _fleet(at: Mapping[str, float]) -> Dict[str, Dict[str, float]]:
    fleet: Dict[str, Dict[str, float]] = {}
    for name, value in at.items():
        if name.startswith("fleet."):
            host, state = name[len("fleet.") :].rsplit(".", 1)
            fleet.setdefault(host, {})[state] = value
    return fleet


def _history(at: Mapping[str, float], configuration: Mapping[str, KnobValue]) -> List[Dict[str, Any]]:
    """The past as far as a vector knows it: arrival rates under the present configuration, oldest first."""
    rates = [at["arrivalRateRps"]]
    while f"pastRateRps.{len(rates)}" in at:
        rates.append(at[f"pastRateRps.{len(rates)}"])
    windows = []
    for age, rate in enumerate(rates):
        if rate < 0:
            continue
        latest = age == 0
        objective_ms = at["latencyObjectiveMs"] if latest and at["latencyObjectiveMs"] >= 0 else None
        windows.append(
            {
                "timeS": at["timeS"] - age * at["windowS"],
                "durationS": at["windowS"],
                "arrivalRateRps": rate,
                "peakRateRps": rate,
                "objectiveMs": objective_ms,
                "missRatio": max(0.0, at["missRatio"]) if latest else 0.0,
                "utilization": at["utilization"] if latest else 0.0,
                "queueLength": at["queueLength"] if latest else 0.0,
                "costUsdPerHour": at["costUsdPerHour"],
                "configuration": configuration,
            }
        )
    return windows[::-1]


def load_policy(path: Union[str, Path], features: Optional[Sequence[Mapping[str, Any]]] = None) -> ExportedPolicy:
    """Loads a module written by `trimtab export --format python`, or `policy.py` of a package's folder."""
    file = Path(path)
    if file.is_dir():
        file = file / "policy.py"
    spec = importlib.util.spec_from_file_location(f"trimtab_policy_{abs(hash(file.resolve()))}", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise FileNotFoundError(f"{file}: expected an exported Python module, found none")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return ExportedPolicy(module, features)
