// The part of an exported package for policies that follow the scores of a network.

package policy

import "math"

// form

type feature struct {
	Name      string  `json:"name"`
	Transform string  `json:"transform"`
	Offset    float64 `json:"offset"`
	Scale     float64 `json:"scale"`
}

type rule struct {
	Features []feature `json:"features"`
	Network  struct {
		Recurrent *struct {
			Units           int       `json:"units"`
			Steps           int       `json:"steps"`
			Inputs          int       `json:"inputs"`
			Kernel          []float64 `json:"kernel"`
			RecurrentKernel []float64 `json:"recurrentKernel"`
			Bias            []float64 `json:"bias"`
		} `json:"recurrent"`
		Layers []struct {
			Activation string    `json:"activation"`
			Kernel     []float64 `json:"kernel"`
			Bias       []float64 `json:"bias"`
		} `json:"layers"`
	} `json:"network"`
	Sequence []feature `json:"sequence"`
	Mask     [][][]int `json:"mask"`
}

// seen is what the network sees of a value.
func (f feature) seen(given float64) float64 {
	if f.Transform == "log1p" {
		given = math.Log1p(math.Max(0, given))
	}
	return (given - f.Offset) / f.Scale
}

// positionsIn adds the position of each knob's value in a configuration, by the names the network has for them.
func positionsIn(values map[string]float64, configuration map[string]any, prefix string) {
	for _, of := range learnt.Knobs {
		values[prefix+"."+of.Name] = float64(nearestPosition(of, valueOf(configuration[of.Name])))
	}
}

func trend(rateRps float64, before []Window) float64 {
	if len(before) == 0 {
		return 0
	}
	sum := 0.0
	for _, window := range before {
		sum += window.ArrivalRateRps
	}
	return math.Log(math.Max(1e-3, rateRps) / math.Max(1e-3, sum/float64(len(before))))
}

// last are the latest windows, as many as there are.
func last(history []Window, count int) []Window { return history[max(0, len(history)-count):] }

// Input is what the network sees of an observation.
func Input(observation Observation) []float64 {
	metrics, history := observation.Metrics, observation.History
	rateRps := metrics.Arrivals.RateRps
	peakRps := rateRps
	for _, window := range last(history, 10) {
		peakRps = math.Max(peakRps, window.PeakRateRps)
	}
	var before []Window
	if len(history) > 1 {
		before = last(history[:len(history)-1], 5)
	}
	values := map[string]float64{
		"arrivalRateRps": rateRps, "peakRateRps": peakRps, "rateTrend": trend(rateRps, before),
		"latencyObjectiveMs": -1, "missRatio": 0, "queueLength": metrics.QueueLength,
		"utilization": metrics.Utilization, "offloadedShare": metrics.OffloadedShare,
	}
	if metrics.Latency != nil {
		values["latencyObjectiveMs"] = metrics.Latency.ObjectiveMs
		values["missRatio"] = metrics.Latency.MissRatio
	}
	target := observation.InFlight
	if target == nil {
		target = observation.Configuration
	}
	positionsIn(values, target, "target")
	return seenOf(learnt.Rule.Features, values)
}

func seenOf(features []feature, values map[string]float64) []float64 {
	x := make([]float64, len(features))
	for i, one := range features {
		x[i] = one.seen(values[one.Name])
	}
	return x
}

// SequenceInput is the latest windows as the network's recurrent part sees them, after as many zeros as are missing.
func SequenceInput(observation Observation) [][]float64 {
	part := learnt.Rule.Network.Recurrent
	if part == nil {
		return nil
	}
	windows := last(observation.History, part.Steps)
	steps := make([][]float64, part.Steps-len(windows), part.Steps)
	for i := range steps {
		steps[i] = make([]float64, part.Inputs)
	}
	for _, window := range windows {
		values := map[string]float64{
			"arrivalRateRps": window.ArrivalRateRps, "latencyObjectiveMs": -1, "missRatio": window.MissRatio,
			"utilization": window.Utilization, "queueLength": window.QueueLength, "costUsdPerHour": window.CostUsdPerHour,
		}
		if window.ObjectiveMs != nil {
			values["latencyObjectiveMs"] = *window.ObjectiveMs
		}
		positionsIn(values, window.Configuration, "knob")
		steps = append(steps, seenOf(learnt.Rule.Sequence, values))
	}
	return steps
}

// product is sums + x·kernel, the kernel row-major.
func product(sums, x, kernel []float64) []float64 {
	result := append([]float64(nil), sums...)
	for i, given := range x {
		for j := range result {
			result[j] += float64(given * kernel[i*len(result)+j])
		}
	}
	return result
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// recurrentState is the last state of the recurrent part.
func recurrentState(steps [][]float64) []float64 {
	part := learnt.Rule.Network.Recurrent
	units := part.Units
	zeros := make([]float64, 3*units)
	state := make([]float64, units)
	for _, step := range steps {
		fromInput := product(part.Bias, step, part.Kernel)
		fromState := product(zeros, state, part.RecurrentKernel)
		gated := make([]float64, units)
		for j := range gated {
			gated[j] = sigmoid(fromInput[units+j]+fromState[units+j]) * state[j]
		}
		ofGated := product(zeros, gated, part.RecurrentKernel)
		next := make([]float64, units)
		for j := range next {
			keep := sigmoid(fromInput[j] + fromState[j])
			candidate := math.Tanh(fromInput[2*units+j] + ofGated[2*units+j])
			next[j] = float64(keep*state[j]) + float64((1-keep)*candidate)
		}
		state = next
	}
	return state
}

// Scores has a score for each value of each knob, in order.
func Scores(observation Observation) []float64 {
	x := Input(observation)
	if learnt.Rule.Network.Recurrent != nil {
		x = append(x, recurrentState(SequenceInput(observation))...)
	}
	for _, layer := range learnt.Rule.Network.Layers {
		x = product(layer.Bias, x, layer.Kernel)
		for j := range x {
			switch layer.Activation {
			case "tanh":
				x[j] = math.Tanh(x[j])
			case "relu":
				x[j] = math.Max(0, x[j])
			}
		}
	}
	return x
}

// isOpen tells whether the cluster leaves a value of a knob open.
func isOpen(narrower map[string][]any, of knob, position int) bool {
	values, narrowed := narrower[of.Name]
	if !narrowed {
		return true
	}
	for _, value := range values {
		if valueOf(value) == valueOf(of.Values[position]) {
			return true
		}
	}
	return false
}

// openStates is the automaton of what may be chosen, with what the cluster closes now; as it is where that would leave
// nothing.
func openStates(narrower map[string][]any) [][][]int {
	all := learnt.Rule.Mask
	if all == nil {
		for _, of := range learnt.Knobs {
			all = append(all, [][]int{make([]int, len(of.Values))})
		}
	}
	table := make([][][]int, len(all))
	alive := []bool{true}
	for k := len(all) - 1; k >= 0; k-- {
		living := make([]bool, len(all[k]))
		table[k] = make([][]int, len(all[k]))
		for state, next := range all[k] {
			table[k][state] = make([]int, len(next))
			for j, to := range next {
				if to >= 0 && (!alive[to] || !isOpen(narrower, learnt.Knobs[k], j)) {
					to = -1
				}
				table[k][state][j] = to
				living[state] = living[state] || to >= 0
			}
		}
		alive = living
	}
	if !alive[0] {
		return all
	}
	return table
}

// Act is the configuration for an observation.
func Act(observation Observation) Configuration {
	found := Scores(observation)
	state, from := 0, 0
	positions := make([]int, 0, len(learnt.Knobs))
	for _, states := range openStates(observation.Mask) {
		next := states[state]
		best := -1
		for j, to := range next {
			if to >= 0 && (best < 0 || found[from+j] > found[from+best]) {
				best = j
			}
		}
		positions = append(positions, best)
		state = next[best]
		from += len(next)
	}
	return at(positions)
}
