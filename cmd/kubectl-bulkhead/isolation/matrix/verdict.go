package matrix

import (
	"fmt"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// Verdict says whether something is as it should be.
type Verdict string

// The verdicts.
const (
	Pass Verdict = "ok"
	Fail Verdict = "FAIL"
	// Unproven looks as it should, but nothing shows that a wall is the reason.
	Unproven Verdict = "unproven"
	// Shown is not judged.
	Shown Verdict = "-"
)

// Observation is what came of one attempt.
type Observation struct {
	From    Vantage              `json:"from"`
	To      Target               `json:"to"`
	Outcome binding.ProbeOutcome `json:"observed"`
	Detail  string               `json:"detail,omitempty"`
}

// Result is a judged observation.
type Result struct {
	Observation
	Relation Relation    `json:"relation"`
	Expected Expectation `json:"expected"`
	Verdict  Verdict     `json:"verdict"`
	// Reason says why the verdict is what it is.
	Reason string `json:"reason,omitempty"`
	// AtFirst is what a wall let through at the beginning of the pod's life, when
	// it did not any more later.
	AtFirst binding.ProbeOutcome `json:"atFirst,omitempty"`
}

// Evidence says of addresses who was answered there.
type Evidence map[string]string

// Judge compares what was observed with what is expected. Evidence is what is
// known besides; an observation of one vantage point is evidence for all others.
func Judge(observations []Observation, known Evidence) []Result {
	alive, reaches := Evidence{}, map[string]bool{}
	for address, who := range known {
		alive[address] = who
	}
	for _, o := range observations {
		if o.Outcome == binding.ProbeOpen {
			alive[o.To.Address] = o.From.String()
			reaches[o.From.String()] = true
		}
	}
	results := make([]Result, 0, len(observations))
	for _, o := range observations {
		r := Result{Observation: o}
		r.Relation, _ = Relate(o.From, o.To)
		r.Expected = Expected(o.From.Kind, r.Relation)
		r.Verdict, r.Reason = judge(r, alive[o.To.Address], reaches[o.From.String()])
		results = append(results, r)
	}
	return results
}

func judge(r Result, witness string, reachesAnything bool) (Verdict, string) {
	switch {
	case r.Expected == Unjudged:
		return Shown, ""
	case r.Outcome == binding.ProbeFailed:
		return Unproven, "it could not be tried: " + r.Detail
	case r.Expected == Open:
		if r.Outcome == binding.ProbeOpen {
			return Pass, ""
		}
		return Fail, "it needs this to serve its tenants"
	}
	return judgeWall(r, witness, reachesAnything)
}

// judgeWall judges an attempt that must not succeed.
func judgeWall(r Result, witness string, reachesAnything bool) (Verdict, string) {
	switch {
	case r.Outcome == binding.ProbeOpen:
		return Fail, "the connection was made"
	case r.Outcome == binding.ProbeRefused:
		return Fail, "a TCP reset came back: the packet has arrived there, only nobody listens"
	case r.Outcome == binding.ProbeRejected:
		return Pass, fmt.Sprintf("a packet filter says no (%s)", r.Detail)
	case !reachesAnything:
		return Unproven, "this pod reaches nothing at all, so that silence proves no wall"
	case witness == "":
		return Unproven, "nobody was seen to reach it, so that this proves no wall"
	}
	return Pass, "silence, while it answers to the " + witness
}

// Remember notes in the results of a later round which walls stood open in the
// first one: a network plugin may take a while to put them around a new pod.
func Remember(first, later []Result) {
	for i := range later {
		if i < len(first) && first[i].Expected == Blocked && first[i].Verdict == Fail && later[i].Verdict != Fail {
			later[i].AtFirst = first[i].Outcome
		}
	}
}
