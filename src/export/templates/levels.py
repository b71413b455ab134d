"""The part of an exported module for policies that hold one configuration per load level."""

from policy import POLICY, Any, Dict, KnobValue, List, Mapping, Sequence, _at, _nearest, math  # noqa: F401
# form
_FOLD: Dict[str, Any] = POLICY["rule"]["loadLevel"]


def _level_of_rate(rate_rps: float) -> int:
    return math.floor(math.log(max(_FOLD["lowestRateRps"], rate_rps)) / math.log(_FOLD["ratio"]) + 1e-9)


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) >> 1] if values else 0.0


def _dispersion_between(windows: Sequence[Mapping[str, Any]]) -> float:
    """Index of dispersion of windows around their median rate; 1 until four are known."""
    if len(windows) < 4:
        return 1.0
    rate = max(_FOLD["lowestRateRps"], _middle([window["arrivalRateRps"] for window in windows]))
    deviations = [rate * window["durationS"] * (window["arrivalRateRps"] / rate - 1) ** 2 for window in windows]
    return float(max(1.0, _middle(deviations) / _FOLD["chiSquareMedian"]))


def _dispersion_within(windows: Sequence[Mapping[str, Any]], parts: int) -> float:
    """Index of dispersion by the highest of windows' parts; 0 where none tells."""
    telling = [window for window in windows if window["peakRateRps"] > window["arrivalRateRps"] > 0]
    if parts < 2 or not telling:
        return 0.0
    expected = _FOLD["peakFactor"] * math.log(parts) ** _FOLD["peakPower"]
    total = 0.0
    for window in telling:
        excess = (window["peakRateRps"] / window["arrivalRateRps"] - 1) / expected
        total += window["arrivalRateRps"] * window["durationS"] / parts * excess * excess
    return total / len(telling)


def _differs(rate_rps: float, length_s: float, mean_rps: float, observation: Mapping[str, Any], end: int) -> bool:
    """Whether a rate over `length_s` differs from the mean by more than chance, as the windows up to the `end`-th scatter."""
    history = observation["history"]
    start = max(0, end - _FOLD["dispersionWindows"])
    parts = len(observation["metrics"]["arrivals"].get("recentRatesRps") or [])
    within = _dispersion_within(history[start : end + 1], parts)
    dispersion = max(_dispersion_between(history[start:end]), within)
    error = math.sqrt(dispersion / max(1.0, mean_rps * length_s))
    return bool(abs(math.log(rate_rps / mean_rps)) > _FOLD["standardErrors"] * error)


def _mean_of(windows: Sequence[Mapping[str, Any]]) -> float:
    """Mean rate of windows, weighted by their length."""
    length_s = 0.0
    requests = 0.0
    for window in windows:
        length_s += window["durationS"]
        requests += window["arrivalRateRps"] * window["durationS"]
    return float(max(_FOLD["lowestRateRps"], requests / length_s if length_s > 0 else windows[-1]["arrivalRateRps"]))


def load_level(observation: Mapping[str, Any]) -> int:
    """The load level of an observation: a log bucket of the arrival rate, left only for good reason."""
    history = observation.get("history") or []
    if not history:
        return _level_of_rate(observation["metrics"]["arrivals"]["rateRps"])
    level = _level_of_rate(history[0]["arrivalRateRps"])
    stay: List[Mapping[str, Any]] = [history[0]]
    mean_before = _mean_of(stay)
    for i in range(1, len(history)):
        window = history[i]
        rate = max(_FOLD["lowestRateRps"], window["arrivalRateRps"])
        low = _FOLD["ratio"] ** level * (1 - _FOLD["hysteresis"])
        high = _FOLD["ratio"] ** (level + 1) * (1 + _FOLD["hysteresis"])
        mean_rps = _mean_of(stay)
        two = _mean_of([history[i - 1], window])
        length_s = history[i - 1]["durationS"] + window["durationS"]
        leaves = (not low <= rate < high and _differs(rate, window["durationS"], mean_rps, observation, i)) or (
            not low <= two < high
            and (rate > mean_before) == (two > mean_before)
            and _differs(two, length_s, mean_before, observation, i)
        )
        mean_before = rate if leaves else mean_rps
        if leaves:
            level = _level_of_rate(rate)
            stay = []
        stay.append(window)
        del stay[: -_FOLD["averagedWindows"]]
    return level


def choose(level: int) -> Dict[str, KnobValue]:
    """The configuration for a load level."""
    rows = POLICY["rule"]["rows"]
    if not rows:
        return _nearest(POLICY["rule"]["initial"])
    return _at(next((row for row in rows if row["level"] >= level), rows[-1])["positions"])


def act(observation: Mapping[str, Any]) -> Dict[str, KnobValue]:
    """The configuration for an observation."""
    return choose(load_level(observation))
