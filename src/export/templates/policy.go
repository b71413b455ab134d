// TITLE
//
// Act takes an observation, as the service gives and takes it in JSON, and returns a configuration, a value for every
// knob. It needs the standard library alone and keeps nothing between calls.

package policy

import (
	"encoding/json"
	"math"
	"sort"
)

// document is what was learnt, with the knobs it sets. Infinities are written as text.
const document = `DATA`

// Window is a past window of an observation.
type Window struct {
	DurationS      float64        `json:"durationS"`
	ArrivalRateRps float64        `json:"arrivalRateRps"`
	PeakRateRps    float64        `json:"peakRateRps"`
	ObjectiveMs    *float64       `json:"objectiveMs"`
	MissRatio      float64        `json:"missRatio"`
	Utilization    float64        `json:"utilization"`
	QueueLength    float64        `json:"queueLength"`
	CostUsdPerHour float64        `json:"costUsdPerHour"`
	Configuration  map[string]any `json:"configuration"`
}

// FleetCount tells the machines of one type; spot ones are counted in the others too.
type FleetCount struct {
	Ready float64 `json:"ready"`
	Spot  float64 `json:"spot"`
}

// Metrics is what an observation tells of the last window.
type Metrics struct {
	DurationS float64 `json:"durationS"`
	Arrivals  struct {
		RateRps        float64   `json:"rateRps"`
		RecentRatesRps []float64 `json:"recentRatesRps"`
	} `json:"arrivals"`
	Latency *struct {
		ObjectiveMs float64 `json:"objectiveMs"`
		MissRatio   float64 `json:"missRatio"`
	} `json:"latency"`
	QueueLength    float64 `json:"queueLength"`
	Utilization    float64 `json:"utilization"`
	OffloadedShare float64 `json:"offloadedShare"`
}

// Observation is what of a cluster's state policies look at.
type Observation struct {
	TimeS         float64               `json:"timeS"`
	Metrics       Metrics               `json:"metrics"`
	Configuration map[string]any        `json:"configuration"`
	InFlight      map[string]any        `json:"inFlight"`
	Fleet         map[string]FleetCount `json:"fleet"`
	Mask          map[string][]any      `json:"mask"`
	History       []Window              `json:"history"`
}

// Configuration holds a value for every knob: a float64, possibly infinite, or a string.
type Configuration map[string]any

type knob struct {
	Name   string `json:"name"`
	Values []any  `json:"values"`
}

var learnt = func() (read struct {
	Knobs []knob `json:"knobs"`
	Rule  rule   `json:"rule"`
}) {
	if err := json.Unmarshal([]byte(document), &read); err != nil {
		panic(err)
	}
	return read
}()

// valueOf is a knob value as a number or text; JSON has no infinity.
func valueOf(read any) any {
	if read == "Infinity" {
		return math.Inf(1)
	}
	return read
}

// nearestPosition is the position of the value of a knob nearest to the one given, the first among equals.
func nearestPosition(of knob, given any) int {
	for position, candidate := range of.Values {
		if valueOf(candidate) == given {
			return position
		}
	}
	best, bestGap := 0, math.Inf(1)
	wanted, isNumber := given.(float64)
	for position, candidate := range of.Values {
		number, ok := valueOf(candidate).(float64)
		if ok && isNumber && math.Abs(number-wanted) < bestGap {
			best, bestGap = position, math.Abs(number-wanted)
		}
	}
	return best
}

// at is the configuration at these positions, one a knob.
func at(positions []int) Configuration {
	configuration := Configuration{}
	for k, of := range learnt.Knobs {
		configuration[of.Name] = valueOf(of.Values[positions[k]])
	}
	return configuration
}

// nearest is the configuration of the lattice nearest to the one given.
func nearest(configuration map[string]any) Configuration {
	positions := make([]int, len(learnt.Knobs))
	for k, of := range learnt.Knobs {
		if given, ok := configuration[of.Name]; ok {
			positions[k] = nearestPosition(of, valueOf(given))
		}
	}
	return at(positions)
}

func sorted(values []float64) []float64 {
	ascending := append([]float64(nil), values...)
	sort.Float64s(ascending)
	return ascending
}
