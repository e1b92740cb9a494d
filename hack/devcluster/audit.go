package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulkhead-dev/bulkhead/hack/auditlog"
)

func auditCommand(flags *flags) *cobra.Command {
	var user string
	audit := &cobra.Command{
		Use:   "audit",
		Short: "Count the writes in the API server's audit log by user, verb and resource, leases apart",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			a, err := flags.app()
			if err != nil {
				return err
			}
			file, err := os.Open(a.cluster.AuditLog())
			if err != nil {
				return errNotRunning
			}
			defer file.Close()
			writes, err := countWrites(file, user)
			printWrites(writes)
			return err
		},
	}
	audit.Flags().StringVar(&user, "user", "", "count only users with this prefix, for example system:serviceaccount:bulkhead-system")
	return audit
}

// write is what a request wrote, and as whom.
type write struct{ user, verb, resource string }

// countWrites counts the writes of users with a prefix.
func countWrites(log io.Reader, user string) (map[write]int, error) {
	counts := map[write]int{}
	err := auditlog.Each(log, func(r auditlog.Request) {
		if r.Writes() && strings.HasPrefix(r.User.Username, user) {
			counts[write{r.User.Username, r.Verb, r.Resource()}]++
		}
	})
	return counts, err
}

func printWrites(counts map[write]int) {
	var lines []string
	for w, n := range counts {
		lines = append(lines, fmt.Sprintf("%-60s %-8s %-40s %6d", w.user, w.verb, w.resource, n))
	}
	slices.Sort(lines)
	for _, line := range lines {
		fmt.Println(line)
	}
}
