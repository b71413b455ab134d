// The part of an exported package for policies that launch and drop machines of one kind.

package policy

import "math"

// form

type trees struct {
	Depth      int       `json:"depth"`
	Base       float64   `json:"base"`
	Features   []int     `json:"features"`
	Thresholds []float64 `json:"thresholds"`
	Leaves     []float64 `json:"leaves"`
}

type rule struct {
	Knob        string         `json:"knob"`
	Host        string         `json:"host"`
	Market      string         `json:"market"`
	Settings    map[string]any `json:"settings"`
	Others      []string       `json:"others"`
	CapacityRps float64        `json:"capacityRps"`
	Most        int            `json:"most"`
	Rule        struct {
		Name   string  `json:"name"`
		Count  int     `json:"count"`
		Margin float64 `json:"margin"`
		Up     trees   `json:"up"`
		Keep   trees   `json:"keep"`
	} `json:"rule"`
}

const (
	slotS   = 10
	ring    = 180
	idleRps = 0.05
)

// whole is the nearest whole number, halves up.
func whole(number float64) int { return int(math.Floor(number + 0.5)) }

// slotRates are the rates of the slots of 10 s that an observation tells of, oldest first; the latest window as finely as
// it is told.
func slotRates(observation Observation) []float64 {
	var rates []float64
	for i := 0; i+1 < len(observation.History); i++ {
		window := observation.History[i]
		for s := 0; s < max(1, whole(window.DurationS/slotS)); s++ {
			rates = append(rates, window.ArrivalRateRps)
		}
	}
	arrivals := observation.Metrics.Arrivals
	seconds := whole(math.Max(slotS, observation.Metrics.DurationS))
	for slot := 0; slot < seconds/slotS; slot++ {
		sum := 0.0
		for second := slot * slotS; second < (slot+1)*slotS; second++ {
			rate := arrivals.RateRps
			if recent := arrivals.RecentRatesRps; len(recent) > 0 {
				rate = recent[second*len(recent)/seconds]
			}
			sum += float64(float32(rate))
		}
		rates = append(rates, sum/slotS)
	}
	return rates
}

// meanBefore is the mean of the last slots of the first end rates, of as many as there are; summed from the latest back.
func meanBefore(rates []float64, end, slots int) float64 {
	count := min(slots, end, ring)
	if count == 0 {
		return 0
	}
	sum := 0.0
	for i := 1; i <= count; i++ {
		sum += rates[end-i]
	}
	return sum / float64(count)
}

// Features is what the rules see of the load: seven ratios and ages, and the rate that levels are measured against.
type Features struct {
	Moment       [7]float64
	ReferenceRps float64
}

// FeaturesOf computes the features from the observation's history.
func FeaturesOf(observation Observation) Features {
	rates := slotRates(observation)
	var samples []float64
	base, burstS, sinceS := 0.0, -1, 7200
	for end := 1; end <= len(rates); end++ {
		if end < 3 {
			base = meanBefore(rates, end, 3)
		}
		if end%3 == 0 {
			samples = append(samples, meanBefore(rates, end, 3))
			if len(samples) > 60 {
				samples = samples[1:]
			}
			base = sorted(samples)[int(math.Floor(0.3*float64(len(samples)-1)))]
		}
		r20 := meanBefore(rates, end, 2)
		sinceS = min(7200, sinceS+slotS)
		if burstS >= 0 {
			burstS += slotS
			if r20 < 1.25*base {
				if burstS >= 60 {
					sinceS = 0
				}
				burstS = -1
			}
		} else if r20 > 1.4*base {
			burstS = 0
		}
	}
	end := len(rates)
	mean := func(slots int) float64 { return meanBefore(rates, end, slots) }
	ratio := func(a, b float64) float64 { return (a + idleRps) / (b + idleRps) }
	r60 := mean(6)
	count := min(6, end)
	squares, deviation := 0.0, 0.0
	for i := 1; i <= count; i++ {
		gap := rates[end-i] - r60
		squares += float64(gap * gap)
	}
	if count > 0 {
		deviation = math.Sqrt(squares / float64(count))
	}
	age := 1.0
	if burstS >= 0 {
		age = 10 + float64(burstS)
	}
	return Features{
		Moment: [7]float64{
			ratio(mean(1), r60), ratio(r60, mean(30)), ratio(mean(30), mean(ring)), ratio(r60, base),
			age, 10 + float64(sinceS), 0.01 + float64(deviation/(r60+idleRps)),
		},
		ReferenceRps: math.Max(idleRps, (float64(2*mean(2))+r60)/3),
	}
}

// predict is what an ensemble of trees answers to a row of features.
func (t trees) predict(row [8]float64) float64 {
	sum := t.Base
	for tree := 0; tree < len(t.Features)/t.Depth; tree++ {
		leaf := 0
		for at := tree * t.Depth; at < (tree+1)*t.Depth; at++ {
			leaf *= 2
			if row[t.Features[at]] > t.Thresholds[at] {
				leaf++
			}
		}
		sum += t.Leaves[tree<<t.Depth+leaf]
	}
	return sum
}

// wanted is how many machines to run: launched from the top of what runs, else dropped from the top of what is ready.
func wanted(ready, running int, seen Features) int {
	fleet := learnt.Rule
	if fleet.Rule.Name == "static" {
		return fleet.Rule.Count
	}
	row := func(levelRps float64) (row [8]float64) {
		copy(row[:], seen.Moment[:])
		row[7] = (levelRps + 0.3) / seen.ReferenceRps
		return row
	}
	count := running
	for ; count < fleet.Most; count++ {
		levelRps := float64(count) * fleet.CapacityRps
		if levelRps > 6*seen.ReferenceRps || !(fleet.Rule.Up.predict(row(levelRps)) > fleet.Rule.Margin) {
			break
		}
	}
	if count > running {
		return count
	}
	kept := ready
	for ; kept > 0; kept-- {
		levelRps := float64(kept-1) * fleet.CapacityRps
		if levelRps <= 9*seen.ReferenceRps && fleet.Rule.Keep.predict(row(levelRps)) >= 0 {
			break
		}
	}
	return min(fleet.Most, running-(ready-kept))
}

func countIn(configuration map[string]any, knob string) int {
	count, _ := valueOf(configuration[knob]).(float64)
	return int(count)
}

// Act is the configuration for an observation.
func Act(observation Observation) Configuration {
	fleet := learnt.Rule
	current := observation.InFlight
	if current == nil {
		current = observation.Configuration
	}
	running := countIn(current, fleet.Knob)
	ready := running
	if counted, ok := observation.Fleet[fleet.Host]; ok {
		spot := math.Min(counted.Spot, counted.Ready)
		of := counted.Ready - spot
		if fleet.Market == "spot" {
			of = spot
		}
		ready = min(running, int(of))
	}
	seen := FeaturesOf(observation)
	count := wanted(ready, running, seen)
	after := map[string]any{}
	for name, set := range current {
		after[name] = set
	}
	after[fleet.Knob] = float64(count)
	alone := true
	for _, name := range fleet.Others {
		alone = alone && countIn(current, name) == 0
	}
	if !alone && ready < min(count, int(math.Ceil(seen.ReferenceRps/fleet.CapacityRps))) {
		return nearest(after)
	}
	for _, name := range fleet.Others {
		after[name] = 0.0
	}
	for name, set := range fleet.Settings {
		after[name] = set
	}
	return nearest(after)
}
