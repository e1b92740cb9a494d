package scale

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// auditLog is a log that grows; its reader goes on from where it was.
type auditLog struct {
	path   string
	offset int64
}

// each visits the lines since the last call. A line without its end is left
// for the next.
func (l *auditLog) each(visit func(line []byte) error) error {
	file, err := os.Open(l.path)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.Seek(l.offset, io.SeekStart); err != nil {
		return err
	}
	lines := bufio.NewReaderSize(file, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		l.offset += int64(len(line))
		if err := visit(line); err != nil {
			return fmt.Errorf("%s: %w", l.path, err)
		}
	}
}

// apiRequest is one request in the API server's audit log.
type apiRequest struct {
	Verb      string
	User      struct{ Username string }
	ObjectRef struct{ Resource, Subresource, Namespace, Name string }
}

func (r apiRequest) String() string {
	return strings.TrimSuffix(r.Verb+" "+r.ObjectRef.Resource+"/"+r.ObjectRef.Subresource, "/")
}

// ofTenants says whether the request is about a tenant, and not about a cell:
// the operator makes no other Secrets by these verbs.
func (r apiRequest) ofTenants() bool {
	return r.ObjectRef.Resource == "tenants" || r.ObjectRef.Resource == "secrets" && r.Verb != "patch"
}

// tally counts requests by verb and resource.
type tally struct {
	tenantWrites, cellWrites, reads, watches counts
}

// add leaves leases out, which a leader renews for as long as it lives.
func (t *tally) add(r apiRequest) {
	switch {
	case r.ObjectRef.Resource == "leases":
	case r.Verb == "watch":
		t.watches.add(r.String())
	case r.Verb == "get", r.Verb == "list":
		t.reads.add(r.String())
	case r.ofTenants():
		t.tenantWrites.add(r.String())
	default:
		t.cellWrites.add(r.String())
	}
}

func (t *tally) writes() int { return t.tenantWrites.sum() + t.cellWrites.sum() }

// requests tallies the requests since the last call, by who made them; nobody
// is asked about whom who returns "".
func (l *auditLog) requests(who func(user string) string) (map[string]*tally, error) {
	found := map[string]*tally{}
	return found, l.each(func(line []byte) error {
		var r apiRequest
		if err := json.Unmarshal(line, &r); err != nil {
			return err
		}
		name := who(r.User.Username)
		if found[name] == nil {
			found[name] = &tally{}
		}
		found[name].add(r)
		return nil
	})
}

// vaultCalls counts the calls in OpenBao's audit log since the last call, by
// the path without a tenant's id.
func (l *auditLog) vaultCalls() (counts, error) {
	var found counts
	return found, l.each(func(line []byte) error {
		var entry struct {
			Type    string
			Request struct{ Operation, Path string }
		}
		if err := json.Unmarshal(line, &entry); err != nil {
			return err
		}
		if entry.Type != "request" {
			return nil
		}
		path, _, _ := strings.Cut(entry.Request.Path, "t-")
		found.add(entry.Request.Operation + " " + strings.TrimSuffix(strings.TrimSuffix(path, "bulkhead-"), "/"))
		return nil
	})
}

// counts is how often something was seen.
type counts map[string]int

func (c *counts) add(what string) {
	if *c == nil {
		*c = counts{}
	}
	(*c)[what]++
}

func (c counts) sum() int {
	total := 0
	for _, n := range c {
		total += n
	}
	return total
}

// String lists the counts, the largest first.
func (c counts) String() string {
	if len(c) == 0 {
		return "none"
	}
	var lines []string
	for what := range c {
		lines = append(lines, what)
	}
	slices.SortFunc(lines, func(a, b string) int {
		if c[a] != c[b] {
			return c[b] - c[a]
		}
		return strings.Compare(a, b)
	})
	for i, what := range lines {
		lines[i] = fmt.Sprintf("%s %d", what, c[what])
	}
	return strings.Join(lines, ", ")
}
