// The part of an exported package for policies that hold one configuration per load level.

package policy

import "math"

// form

type rule struct {
	Rows []struct {
		Level     int   `json:"level"`
		Positions []int `json:"positions"`
	} `json:"rows"`
	Initial   map[string]any `json:"initial"`
	LoadLevel struct {
		Ratio             float64 `json:"ratio"`
		Hysteresis        float64 `json:"hysteresis"`
		LowestRateRps     float64 `json:"lowestRateRps"`
		AveragedWindows   int     `json:"averagedWindows"`
		DispersionWindows int     `json:"dispersionWindows"`
		ChiSquareMedian   float64 `json:"chiSquareMedian"`
		PeakFactor        float64 `json:"peakFactor"`
		PeakPower         float64 `json:"peakPower"`
		StandardErrors    float64 `json:"standardErrors"`
	} `json:"loadLevel"`
}

var fold = learnt.Rule.LoadLevel

func levelOfRate(rateRps float64) int {
	return int(math.Floor(math.Log(math.Max(fold.LowestRateRps, rateRps))/math.Log(fold.Ratio) + 1e-9))
}

func middle(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	return sorted(values)[len(values)>>1]
}

// dispersionBetween is the index of dispersion of windows around their median rate; 1 until four are known.
func dispersionBetween(windows []Window) float64 {
	if len(windows) < 4 {
		return 1
	}
	rates := make([]float64, len(windows))
	for i, window := range windows {
		rates[i] = window.ArrivalRateRps
	}
	rate := math.Max(fold.LowestRateRps, middle(rates))
	deviations := make([]float64, len(windows))
	for i, window := range windows {
		excess := window.ArrivalRateRps/rate - 1
		deviations[i] = rate * window.DurationS * (excess * excess)
	}
	return math.Max(1, middle(deviations)/fold.ChiSquareMedian)
}

// dispersionWithin is the index of dispersion by the highest of windows' parts; 0 where none tells.
func dispersionWithin(windows []Window, parts int) float64 {
	if parts < 2 {
		return 0
	}
	expected := fold.PeakFactor * math.Pow(math.Log(float64(parts)), fold.PeakPower)
	sum, telling := 0.0, 0.0
	for _, window := range windows {
		if window.ArrivalRateRps <= 0 || window.PeakRateRps <= window.ArrivalRateRps {
			continue
		}
		excess := (window.PeakRateRps/window.ArrivalRateRps - 1) / expected
		sum += float64(window.ArrivalRateRps * window.DurationS / float64(parts) * excess * excess)
		telling++
	}
	if telling == 0 {
		return 0
	}
	return sum / telling
}

// differs tells whether a rate over lengthS differs from the mean by more than chance, as the windows up to the end-th scatter.
func differs(rateRps, lengthS, meanRps float64, observation Observation, end int) bool {
	history := observation.History
	from := max(0, end-fold.DispersionWindows)
	within := dispersionWithin(history[from:end+1], len(observation.Metrics.Arrivals.RecentRatesRps))
	dispersion := math.Max(dispersionBetween(history[from:end]), within)
	deviation := math.Sqrt(dispersion / math.Max(1, meanRps*lengthS))
	return math.Abs(math.Log(rateRps/meanRps)) > fold.StandardErrors*deviation
}

// meanOf is the mean rate of windows, weighted by their length.
func meanOf(windows []Window) float64 {
	lengthS, requests := 0.0, 0.0
	for _, window := range windows {
		lengthS += window.DurationS
		requests += float64(window.ArrivalRateRps * window.DurationS)
	}
	mean := windows[len(windows)-1].ArrivalRateRps
	if lengthS > 0 {
		mean = requests / lengthS
	}
	return math.Max(fold.LowestRateRps, mean)
}

// LoadLevel is the load level of an observation: a log bucket of the arrival rate, left only for good reason.
func LoadLevel(observation Observation) int {
	history := observation.History
	if len(history) == 0 {
		return levelOfRate(observation.Metrics.Arrivals.RateRps)
	}
	level := levelOfRate(history[0].ArrivalRateRps)
	stay := []Window{history[0]}
	meanBefore := meanOf(stay)
	for i := 1; i < len(history); i++ {
		before, window := history[i-1], history[i]
		rate := math.Max(fold.LowestRateRps, window.ArrivalRateRps)
		low := math.Pow(fold.Ratio, float64(level)) * (1 - fold.Hysteresis)
		high := math.Pow(fold.Ratio, float64(level+1)) * (1 + fold.Hysteresis)
		meanRps := meanOf(stay)
		two := meanOf([]Window{before, window})
		leaves := ((rate < low || rate >= high) && differs(rate, window.DurationS, meanRps, observation, i)) ||
			((two < low || two >= high) && (rate > meanBefore) == (two > meanBefore) &&
				differs(two, before.DurationS+window.DurationS, meanBefore, observation, i))
		meanBefore = meanRps
		if leaves {
			meanBefore = rate
			level = levelOfRate(rate)
			stay = nil
		}
		stay = append(stay, window)
		if len(stay) > fold.AveragedWindows {
			stay = stay[1:]
		}
	}
	return level
}

// Choose is the configuration for a load level.
func Choose(level int) Configuration {
	rows := learnt.Rule.Rows
	if len(rows) == 0 {
		return nearest(learnt.Rule.Initial)
	}
	for _, row := range rows {
		if row.Level >= level {
			return at(row.Positions)
		}
	}
	return at(rows[len(rows)-1].Positions)
}

// Act is the configuration for an observation.
func Act(observation Observation) Configuration {
	return Choose(LoadLevel(observation))
}
