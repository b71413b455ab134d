"""The part of an exported module that makes the policy an autoscaling policy of Ray Serve."""

from policy import Any, Dict, List, Mapping, act, json  # noqa: F401
# form
#: The knob that counts replicas, seconds between decisions, and the other knobs as they are configured.
_KNOB = KNOB
_INTERVAL_S = INTERVAL_S
_CONFIGURATION: Dict[str, Any] = INITIAL
_WINDOWS = 360


def _arrival_rate(ctx: Any) -> float:
    """Requests a second over all replicas, as they record them."""
    told = (ctx.aggregated_metrics or {}).get("arrival_rate_rps") or {}
    if not told:
        raise ValueError("arrival_rate_rps: expected it of every replica's record_autoscaling_stats, found none")
    return float(sum(told.values()))


def desired_replicas(ctx: Any) -> Any:
    """Replicas wanted, and the state Ray keeps between calls: the windows so far and the last decision."""
    state: Dict[str, Any] = dict(ctx.policy_state or {})
    now = float(ctx.current_time)
    if state.get("until", now) > now:
        return state["replicas"], state
    try:
        rate_rps = _arrival_rate(ctx)
    except ValueError:
        # What cannot be seen is not a load of zero: what runs goes on running.
        return ctx.target_num_replicas, state
    window = {"durationS": _INTERVAL_S, "arrivalRateRps": rate_rps, "peakRateRps": rate_rps}
    history: List[Mapping[str, Any]] = [*state.get("history", []), window][-_WINDOWS:]
    observation = {
        "timeS": now,
        "metrics": {"durationS": _INTERVAL_S, "arrivals": {"rateRps": rate_rps, "recentRatesRps": []}},
        "history": history,
        "configuration": {**_CONFIGURATION, _KNOB: ctx.target_num_replicas},
        "inFlight": None,
        "fleet": {},
    }
    replicas = act(observation)[_KNOB]
    return replicas, {"history": history, "replicas": replicas, "until": now + _INTERVAL_S}
