"""The part of an exported module for policies that follow the scores of a network."""

from policy import POLICY, Any, Dict, KnobValue, List, Mapping, Sequence, _at, _nearest_position, _value, math  # noqa: F401
# form
_RULE: Dict[str, Any] = POLICY["rule"]
_NETWORK: Dict[str, Any] = _RULE["network"]


def _seen(feature: Mapping[str, Any], given: float) -> float:
    """What the network sees of a value."""
    value = math.log1p(max(0.0, given)) if feature.get("transform") == "log1p" else given
    return float((value - feature["offset"]) / feature["scale"])


def _positions_in(configuration: Mapping[str, Any], prefix: str) -> Dict[str, float]:
    """Position of each knob's value in a configuration, by the names the network has for them."""
    return {
        f"{prefix}.{knob['name']}": _nearest_position(knob, _value(configuration[knob["name"]]))
        for knob in POLICY["knobs"]
    }


def _trend(rate_rps: float, before: Sequence[Mapping[str, Any]]) -> float:
    if not before:
        return 0.0
    mean = sum(window["arrivalRateRps"] for window in before) / len(before)
    return math.log(max(1e-3, rate_rps) / max(1e-3, mean))


def network_input(observation: Mapping[str, Any]) -> List[float]:
    """What the network sees of an observation."""
    metrics = observation["metrics"]
    history = observation.get("history") or []
    latency = metrics.get("latency") or {"objectiveMs": -1, "missRatio": 0}
    rate_rps = metrics["arrivals"]["rateRps"]
    values: Dict[str, float] = {
        "arrivalRateRps": rate_rps,
        "peakRateRps": max([rate_rps, *(window["peakRateRps"] for window in history[-10:])]),
        "rateTrend": _trend(rate_rps, history[-6:-1]),
        "latencyObjectiveMs": latency["objectiveMs"],
        "missRatio": latency["missRatio"],
        "queueLength": metrics["queueLength"],
        "utilization": metrics["utilization"],
        "offloadedShare": metrics["offloadedShare"],
        **_positions_in(observation.get("inFlight") or observation["configuration"], "target"),
    }
    return [_seen(feature, values[feature["name"]]) for feature in _RULE["features"]]


def sequence_input(observation: Mapping[str, Any]) -> List[List[float]]:
    """The latest windows as the network's recurrent part sees them, after as many zeros as are missing."""
    recurrent = _NETWORK["recurrent"]
    if recurrent is None:
        return []
    windows = (observation.get("history") or [])[-recurrent["steps"] :]
    steps = [[0.0] * recurrent["inputs"] for _ in range(recurrent["steps"] - len(windows))]
    for window in windows:
        values: Dict[str, Any] = {**window, **_positions_in(window["configuration"], "knob")}
        values["latencyObjectiveMs"] = -1 if window["objectiveMs"] is None else window["objectiveMs"]
        steps.append([_seen(feature, values[feature["name"]]) for feature in _RULE["sequence"]])
    return steps


def _product(sums: Sequence[float], x: Sequence[float], kernel: Sequence[float]) -> List[float]:
    """sums + x·kernel, the kernel row-major."""
    result = list(sums)
    units = len(result)
    for i, given in enumerate(x):
        for j in range(units):
            result[j] += given * kernel[i * units + j]
    return result


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def _recurrent_state(steps: Sequence[Sequence[float]]) -> List[float]:
    """The last state of the recurrent part."""
    part = _NETWORK["recurrent"]
    units = part["units"]
    zeros = [0.0] * (3 * units)
    state = [0.0] * units
    for step in steps:
        from_input = _product(part["bias"], step, part["kernel"])
        from_state = _product(zeros, state, part["recurrentKernel"])
        gated = [_sigmoid(from_input[units + j] + from_state[units + j]) * state[j] for j in range(units)]
        of_gated = _product(zeros, gated, part["recurrentKernel"])
        keep = [_sigmoid(from_input[j] + from_state[j]) for j in range(units)]
        state = [
            keep[j] * state[j] + (1 - keep[j]) * math.tanh(from_input[2 * units + j] + of_gated[2 * units + j])
            for j in range(units)
        ]
    return state


def scores(observation: Mapping[str, Any]) -> List[float]:
    """A score for each value of each knob, in order."""
    x = network_input(observation)
    if _NETWORK["recurrent"] is not None:
        x += _recurrent_state(sequence_input(observation))
    for layer in _NETWORK["layers"]:
        x = _product(layer["bias"], x, layer["kernel"])
        if layer["activation"] == "tanh":
            x = [math.tanh(y) for y in x]
        elif layer["activation"] == "relu":
            x = [max(0.0, y) for y in x]
    return x


def _open_states(narrower: Any) -> List[List[List[int]]]:
    """The automaton of what may be chosen, with what the cluster closes now; as it is where that would leave nothing."""
    every: List[List[List[int]]] = _RULE["mask"] or [[[0] * len(knob["values"])] for knob in POLICY["knobs"]]
    if narrower is None:
        return every
    table: List[List[List[int]]] = []
    alive = [True]
    for knob, states in reversed(list(zip(POLICY["knobs"], every))):
        allowed = narrower.get(knob["name"])
        allowed = None if allowed is None else [_value(value) for value in allowed]
        kept = [
            [
                to if to >= 0 and alive[to] and (allowed is None or _value(knob["values"][j]) in allowed) else -1
                for j, to in enumerate(following)
            ]
            for following in states
        ]
        table.insert(0, kept)
        alive = [any(to >= 0 for to in following) for following in kept]
    return table if alive[0] else every


def act(observation: Mapping[str, Any]) -> Dict[str, KnobValue]:
    """The configuration for an observation."""
    found = scores(observation)
    state = 0
    offset = 0
    positions: List[int] = []
    for states in _open_states(observation.get("mask")):
        following = states[state]
        best = -1
        for j, to in enumerate(following):
            if to >= 0 and (best < 0 or found[offset + j] > found[offset + best]):
                best = j
        positions.append(best)
        state = following[best]
        offset += len(following)
    return _at(positions)
