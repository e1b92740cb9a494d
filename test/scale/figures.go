package scale

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
)

// figure is one measurement, in the form that tools read.
type figure struct {
	Bench  string  `json:"bench"`
	Case   string  `json:"case"`
	Metric string  `json:"metric"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	N      int     `json:"n"`
}

// figures prints measurements as they are made and remembers which are worse
// than they may be.
type figures struct {
	out     io.Writer
	tenants int
	unmet   []string
}

// print prints a figure that has no limit.
func (f *figures) print(metric string, value float64, unit string) {
	line, err := json.Marshal(figure{"operator", fmt.Sprint(f.tenants), metric, math.Round(value*1000) / 1000, unit, f.tenants})
	if err != nil { // NaN: a division by nothing
		f.unmet = append(f.unmet, fmt.Sprintf("%s: %v", metric, err))
		return
	}
	fmt.Fprintf(f.out, "BENCH %s\n", line)
}

// printWithin prints a figure that may be at most the limit.
func (f *figures) printWithin(metric string, value, limit float64, unit string) {
	f.print(metric, value, unit)
	if value > limit {
		f.unmet = append(f.unmet, fmt.Sprintf("%s is %.3f %s and may be %g at most", metric, value, unit, limit))
	}
}
