"""The part of an exported module for policies that launch and drop machines of one kind."""

from policy import POLICY, Any, Dict, KnobValue, List, Mapping, Sequence, _nearest, _value, math, struct  # noqa: F401
# form
_FLEET: Dict[str, Any] = POLICY["rule"]
_SLOT_S = 10
_RING = 180
_IDLE_RPS = 0.05


def _single(number: float) -> float:
    """The nearest number of 32 bits."""
    return float(struct.unpack("<f", struct.pack("<f", number))[0])


def _whole(number: float) -> int:
    """The nearest whole number, halves up."""
    return math.floor(number + 0.5)


def _slot_rates(observation: Mapping[str, Any]) -> List[float]:
    """Rates of the slots of 10 s that an observation tells of, oldest first; the latest window as finely as told."""
    rates: List[float] = []
    for window in (observation.get("history") or [])[:-1]:
        rates += [window["arrivalRateRps"]] * max(1, _whole(window["durationS"] / _SLOT_S))
    arrivals = observation["metrics"]["arrivals"]
    recent = arrivals.get("recentRatesRps") or []
    seconds = _whole(max(_SLOT_S, observation["metrics"]["durationS"]))
    for slot in range(seconds // _SLOT_S):
        total = 0.0
        for at in range(slot * _SLOT_S, (slot + 1) * _SLOT_S):
            total += _single(recent[at * len(recent) // seconds] if recent else arrivals["rateRps"])
        rates.append(total / _SLOT_S)
    return rates


def _mean_before(rates: Sequence[float], end: int, slots: int) -> float:
    """Mean of the last `slots` of the first `end` rates, of as many as there are; summed from the latest back."""
    count = min(slots, end, _RING)
    total = 0.0
    for i in range(1, count + 1):
        total += rates[end - i]
    return total / count if count else 0.0


def features(observation: Mapping[str, Any]) -> Dict[str, Any]:
    """What the rules see of the load: seven ratios and ages, and the rate that levels are measured against."""
    rates = _slot_rates(observation)
    samples: List[float] = []
    base = 0.0
    burst_s = -1
    since_s = 7200
    for end in range(1, len(rates) + 1):
        if end < 3:
            base = _mean_before(rates, end, 3)
        if end % 3 == 0:
            samples.append(_mean_before(rates, end, 3))
            del samples[:-60]
            base = sorted(samples)[math.floor(0.3 * (len(samples) - 1))]
        r20 = _mean_before(rates, end, 2)
        since_s = min(7200, since_s + _SLOT_S)
        if burst_s >= 0:
            burst_s += _SLOT_S
            if r20 < 1.25 * base:
                since_s = 0 if burst_s >= 60 else since_s
                burst_s = -1
        elif r20 > 1.4 * base:
            burst_s = 0
    last = len(rates)

    def mean(slots: int) -> float:
        return _mean_before(rates, last, slots)

    def ratio(a: float, b: float) -> float:
        return (a + _IDLE_RPS) / (b + _IDLE_RPS)

    r60 = mean(6)
    count = min(6, last)
    squares = 0.0
    for i in range(1, count + 1):
        squares += (rates[last - i] - r60) ** 2
    deviation = math.sqrt(squares / count) if count else 0.0
    return {
        "moment": [
            ratio(mean(1), r60),
            ratio(r60, mean(30)),
            ratio(mean(30), mean(_RING)),
            ratio(r60, base),
            1 if burst_s < 0 else 10 + burst_s,
            10 + since_s,
            0.01 + deviation / (r60 + _IDLE_RPS),
        ],
        "referenceRps": max(_IDLE_RPS, (2 * mean(2) + r60) / 3),
    }


def _predict(trees: Mapping[str, Any], row: Sequence[float]) -> float:
    """What an ensemble of trees answers to a row of features."""
    depth, asked, thresholds = trees["depth"], trees["features"], trees["thresholds"]
    total = float(trees["base"])
    for tree in range(len(asked) // depth):
        leaf = 0
        for at in range(tree * depth, (tree + 1) * depth):
            leaf = 2 * leaf + (1 if row[asked[at]] > thresholds[at] else 0)
        total += trees["leaves"][(tree << depth) + leaf]
    return total


def _wanted(ready: int, running: int, seen: Mapping[str, Any]) -> int:
    """Machines wanted: launched from the top of what runs, else dropped from the top of what is ready."""
    rule, capacity_rps, most = _FLEET["rule"], _FLEET["capacityRps"], _FLEET["most"]
    if rule["name"] == "static":
        return int(rule["count"])
    reference_rps = seen["referenceRps"]

    def row(level_rps: float) -> List[float]:
        return [*seen["moment"], (level_rps + 0.3) / reference_rps]

    count = running
    while count < most:
        level_rps = count * capacity_rps
        if level_rps > 6 * reference_rps or not _predict(rule["up"], row(level_rps)) > rule["margin"]:
            break
        count += 1
    if count > running:
        return count
    kept = ready
    while kept > 0:
        level_rps = (kept - 1) * capacity_rps
        if level_rps <= 9 * reference_rps and _predict(rule["keep"], row(level_rps)) >= 0:
            break
        kept -= 1
    return min(int(most), running - (ready - kept))


def _count_in(configuration: Mapping[str, Any], knob: str) -> int:
    count = configuration.get(knob, 0)
    return int(count) if isinstance(count, (int, float)) else 0


def act(observation: Mapping[str, Any]) -> Dict[str, KnobValue]:
    """The configuration for an observation."""
    current: Mapping[str, Any] = observation.get("inFlight") or observation["configuration"]
    running = _count_in(current, _FLEET["knob"])
    counted = (observation.get("fleet") or {}).get(_FLEET["host"])
    ready = running
    if counted is not None:
        spot = min(counted["spot"], counted["ready"])
        ready = int(min(running, spot if _FLEET["market"] == "spot" else counted["ready"] - spot))
    seen = features(observation)
    count = _wanted(ready, running, seen)
    after: Dict[str, Any] = {**current, _FLEET["knob"]: count}
    alone = all(_count_in(current, knob) == 0 for knob in _FLEET["others"])
    carries = ready >= min(count, math.ceil(seen["referenceRps"] / _FLEET["capacityRps"]))
    if not alone and not carries:
        return _nearest(after)
    for knob in _FLEET["others"]:
        after[knob] = 0
    after.update(_FLEET["settings"])
    return _nearest(after)
