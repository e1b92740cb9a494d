// Package figure prints measurements in the form that tools read.
package figure

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
)

// Figure is one measurement.
type Figure struct {
	Bench  string  `json:"bench"`
	Case   string  `json:"case"`
	Metric string  `json:"metric"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	N      int     `json:"n"`
	Peer   string  `json:"peer,omitempty"` // that was measured in our place
}

// Print writes a line that begins with BENCH. More than three decimals would be noise.
// It fails for a value that is no number, such as a division by nothing.
func (f Figure) Print(out io.Writer) error {
	f.Value = math.Round(f.Value*1000) / 1000
	line, err := json.Marshal(f)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "BENCH %s\n", line)
	return err
}
