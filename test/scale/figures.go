package scale

import (
	"fmt"
	"io"

	"github.com/bulkhead-dev/bulkhead/test/figure"
)

// figures prints measurements as they are made and remembers which are worse
// than they may be.
type figures struct {
	out     io.Writer
	tenants int
	unmet   []string
}

// print prints a figure that has no limit.
func (f *figures) print(metric string, value float64, unit string) {
	one := figure.Figure{Bench: "operator", Case: fmt.Sprint(f.tenants), Metric: metric, Value: value, Unit: unit, N: f.tenants}
	if err := one.Print(f.out); err != nil {
		f.unmet = append(f.unmet, fmt.Sprintf("%s: %v", metric, err))
	}
}

// printWithin prints a figure that may be at most the limit.
func (f *figures) printWithin(metric string, value, limit float64, unit string) {
	f.print(metric, value, unit)
	if value > limit {
		f.unmet = append(f.unmet, fmt.Sprintf("%s is %.3f %s and may be %g at most", metric, value, unit, limit))
	}
}
