package scale

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/test/auditlog"
)

// operatorUser is how the API server knows the operator.
const operatorUser = "system:serviceaccount:" + desired.SystemNamespace + ":" + managerAccount

// ofTenants says whether a request is about a tenant, and not about a cell:
// the operator makes no other Secrets by these verbs.
func ofTenants(r auditlog.Request) bool {
	return r.ObjectRef.Resource == "tenants" || r.ObjectRef.Resource == "secrets" && r.Verb != "patch"
}

// tally counts requests by verb and resource.
type tally struct {
	tenantWrites, cellWrites, reads, watches counts
}

func (t *tally) add(r auditlog.Request) {
	switch {
	case r.Verb == "watch":
		t.watches.add(r.String())
	case !r.Writes():
		t.reads.add(r.String())
	case ofTenants(r):
		t.tenantWrites.add(r.String())
	default:
		t.cellWrites.add(r.String())
	}
}

func (t *tally) writes() int { return t.tenantWrites.sum() + t.cellWrites.sum() }

// readAPI tallies what the operator, and the stand-in for runtime pods, asked of the
// API server since the last call.
func readAPI(log *auditlog.Log) (operator, runtime tally, err error) {
	err = log.Requests(func(r auditlog.Request) {
		switch user := r.User.Username; {
		case user == operatorUser:
			operator.add(r)
		case strings.HasSuffix(user, ":"+desired.RuntimeServiceAccount):
			runtime.add(r)
		}
	})
	return operator, runtime, err
}

// vaultCall is one call in OpenBao's audit log.
type vaultCall struct {
	Type string
	Auth struct {
		Metadata struct{ Role string }
	}
	Request struct{ Operation, Path string }
}

// String is the call without the tenant's id.
func (c vaultCall) String() string {
	path, _, _ := strings.Cut(c.Request.Path, desired.KeyName(""))
	return c.Request.Operation + " " + strings.TrimRight(strings.TrimSuffix(path, "bulkhead-"), "/")
}

// readVault counts the calls for tenants since the last call, by the operator and
// by the stand-in for runtime pods. The operator's own logins, one in ten
// minutes, are nobody's.
func readVault(log *auditlog.Log) (operator, runtime counts, err error) {
	err = log.Each(func(line []byte) error {
		var c vaultCall
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		role := c.Auth.Metadata.Role
		switch {
		case c.Type != "response":
		case strings.HasPrefix(role, desired.VaultRole("")):
			runtime.add(c.String())
		case role != "" && !strings.HasSuffix(c.Request.Path, "/login"):
			operator.add(c.String())
		}
		return nil
	})
	return operator, runtime, err
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
