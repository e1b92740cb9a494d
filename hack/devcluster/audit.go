package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
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
	lines := bufio.NewReader(log)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return counts, nil // a line without its end is still being written
		}
		if err != nil {
			return counts, err
		}
		w, err := parseWrite(line)
		if err != nil {
			return counts, err
		}
		if w != (write{}) && strings.HasPrefix(w.user, user) {
			counts[w]++
		}
	}
}

// parseWrite returns the zero write for a request that only reads, or keeps a lease.
func parseWrite(line []byte) (write, error) {
	var event struct {
		Verb      string
		User      struct{ Username string }
		ObjectRef struct{ Resource, Subresource string }
	}
	if err := json.Unmarshal(line, &event); err != nil {
		return write{}, fmt.Errorf("read the audit log: %w", err)
	}
	if slices.Contains([]string{"get", "list", "watch"}, event.Verb) || event.ObjectRef.Resource == "leases" {
		return write{}, nil
	}
	resource := event.ObjectRef.Resource
	if event.ObjectRef.Subresource != "" {
		resource += "/" + event.ObjectRef.Subresource
	}
	return write{event.User.Username, event.Verb, resource}, nil
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
