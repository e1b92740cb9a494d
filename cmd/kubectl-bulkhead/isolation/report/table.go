package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/matrix"
)

// columns of vantage points that are printed beside each other.
const columns = 4

// Text writes the report for people.
func (r *Report) Text(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, r.headline())
	r.matrix(w, "FROM A TENANT'S POD TO", matrix.VantageRuntime)
	r.matrix(w, "FROM A FOREIGN POD TO", matrix.VantageForeign, matrix.VantageImpostor)
	r.checks(w)
	r.findings(w)
	fmt.Fprintln(w, "\nWhat this cannot show:")
	for _, limit := range r.limits() {
		fmt.Fprintln(w, "- "+limit)
	}
	fmt.Fprintf(w, "\n%s\n", r.Summary())
	return w.Flush()
}

func (r *Report) headline() string {
	var cells []string
	for _, c := range r.Cells {
		text := c.Name
		switch names := strings.Join(c.Sample, ", "); {
		case !c.Runtime:
			text += " (a database only)"
		case c.Tenants > len(c.Sample):
			text += fmt.Sprintf(" (%d tenants, such as %s)", c.Tenants, names)
		case c.Tenants > 0:
			text += " (" + names + ")"
		}
		cells = append(cells, text)
	}
	return fmt.Sprintf("Cells: %s. Seed: %d.", strings.Join(cells, "; "), r.Seed)
}

// matrix writes a table of what some kinds of vantage points reach, in as many
// parts as are needed for it to be read.
func (r *Report) matrix(w *tabwriter.Writer, title string, kinds ...matrix.VantageKind) {
	var from []string
	for _, result := range r.Network {
		if slices.Contains(kinds, result.From.Kind) && !slices.Contains(from, result.From.String()) {
			from = append(from, result.From.String())
		}
	}
	for part := range slices.Chunk(from, columns) {
		fmt.Fprintf(w, "\n%s\tEXPECTED\t%s\n", title, strings.Join(part, "\t"))
		for _, row := range matrix.Relations(kinds[0]) {
			fmt.Fprintf(w, "%s\t%s", row, matrix.Expected(kinds[0], row))
			for _, vantage := range part {
				fmt.Fprintf(w, "\t%s", r.entry(vantage, row))
			}
			fmt.Fprintln(w)
		}
		_ = w.Flush() // its error comes again with the last one
	}
}

// entry sums up the attempts of one vantage point at one kind of target. Clouds
// differ, so that of some addresses nothing can be proven: that is counted beside
// what could.
func (r *Report) entry(vantage string, row matrix.Relation) string {
	outcomes, counts := map[matrix.Verdict]string{}, map[matrix.Verdict]int{}
	for _, result := range r.Network {
		if result.From.String() == vantage && result.Relation == row {
			counts[result.Verdict]++
			outcomes[result.Verdict] = string(result.Outcome)
		}
	}
	for _, verdict := range []matrix.Verdict{matrix.Fail, matrix.Pass, matrix.Unproven, matrix.Shown} {
		switch {
		case counts[verdict] == 0:
		case verdict == matrix.Pass && counts[matrix.Unproven] > 0:
			return fmt.Sprintf("%s  %s, %d unproven", verdict, outcomes[verdict], counts[matrix.Unproven])
		default:
			return fmt.Sprintf("%s  %s", verdict, outcomes[verdict])
		}
	}
	return "-  none there"
}

// checks writes one line for what is the same of several subjects.
func (r *Report) checks(w *tabwriter.Writer) {
	fmt.Fprintln(w, "\nRESULT\tCLAIM\tSUBJECT\tOBSERVED")
	subjects := map[Check][]string{}
	var lines []Check
	for _, c := range r.Checks {
		line := Check{Verdict: c.Verdict, Claim: c.Claim, Observed: c.Observed}
		if subjects[line] == nil {
			lines = append(lines, line)
		}
		subjects[line] = append(subjects[line], c.Subject)
	}
	for _, c := range lines {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", c.Verdict, c.Claim, several(subjects[c]), c.Observed)
	}
	_ = w.Flush() // its error comes again with the last one
}

func several(subjects []string) string {
	if len(subjects) == 1 {
		return subjects[0]
	}
	return fmt.Sprintf("%s and %d more", subjects[0], len(subjects)-1)
}

// findings writes a line for everything that is not as it should be, or that
// could not be proven.
func (r *Report) findings(w io.Writer) {
	for _, result := range r.Network {
		if result.Verdict == matrix.Fail {
			fmt.Fprintf(w, "\nFAIL  %s → %s is %s, expected %s: %s.\n      What to do: %s.\n",
				result.From, result.To, result.Outcome, result.Expected, result.Reason, r.advice(result))
		}
	}
	for _, c := range r.Checks {
		if c.Verdict == matrix.Fail {
			fmt.Fprintf(w, "\nFAIL  %s: it does not hold that %s: %s.\n      What to do: %s.\n", c.Subject, c.Claim, c.Observed, c.Advice)
		}
	}
	r.unproven(w)
	r.late(w)
}

// unproven writes one line for each reason, however many pods it holds for.
func (r *Report) unproven(w io.Writer) {
	targets := map[string][]string{}
	var reasons []string
	for _, result := range r.Network {
		if result.Verdict != matrix.Unproven {
			continue
		}
		if targets[result.Reason] == nil {
			reasons = append(reasons, result.Reason)
		}
		if target := result.To.String(); !slices.Contains(targets[result.Reason], target) {
			targets[result.Reason] = append(targets[result.Reason], target)
		}
	}
	for _, reason := range reasons {
		fmt.Fprintf(w, "\nunproven  %s: %s.\n", strings.Join(targets[reason], ", "), reason)
	}
}

// late writes which walls stood open in the first moments of a pod's life.
func (r *Report) late(w io.Writer) {
	for _, result := range r.Network {
		if result.AtFirst != "" {
			fmt.Fprintf(w, "\nnote  %s → %s was %s in the first moments of the pod's life: the network plugin takes a while to put walls around a new pod.\n",
				result.From, result.To, result.AtFirst)
		}
	}
}
