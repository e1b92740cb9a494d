package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(100-i)) // 100 down to 1
	}
	for _, test := range []struct {
		values  []time.Duration
		percent int
		want    time.Duration
	}{
		{hundred, 50, 50},
		{hundred, 99, 99},
		{hundred, 100, 100},
		{[]time.Duration{7}, 50, 7},
		{[]time.Duration{7}, 99, 7},
		{[]time.Duration{3, 1, 2}, 50, 2},
	} {
		if got := percentile(test.values, test.percent); got != test.want {
			t.Errorf("p%d of %d values: %d, want %d", test.percent, len(test.values), got, test.want)
		}
	}
}

func TestTally(t *testing.T) {
	line := func(verb, user, resource, subresource string) string {
		return `{"verb":"` + verb + `","user":{"username":"` + user + `"},"objectRef":{"resource":"` +
			resource + `","subresource":"` + subresource + `"}}` + "\n"
	}
	path := filepath.Join(t.TempDir(), "audit.log")
	before := line("create", operator, "secrets", "")
	if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	mark, err := auditMark(path)
	if err != nil {
		t.Fatal(err)
	}
	after := line("get", operator, "tenants", "") + line("watch", operator, "tenants", "") +
		line("patch", operator, "tenants", "status") + line("patch", operator, "tenants", "status") +
		line("update", operator, "leases", "") + line("create", operator, "events", "") +
		line("create", "kubernetes-admin", "tenants", "") + `{"verb":"crea`
	if err := os.WriteFile(path, []byte(before+after), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := mark.tally(operator)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"patch tenants/status": 2, "create events": 1}
	if got.requests != 5 || got.total() != 3 || !maps.Equal(got.writes, want) {
		t.Errorf("got %+v, want 5 requests and the writes %v", got, want)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := mark.tally(operator); err == nil {
		t.Error("a log that became shorter is no error")
	}
}

func TestFollow(t *testing.T) {
	all := &tenants{ready: map[string]chan time.Time{}, lost: make(chan struct{})}
	seen := all.expect("a")
	all.follow(strings.NewReader(
		`{"type":"ADDED","object":{"metadata":{"name":"a"}}}` +
			`{"type":"MODIFIED","object":{"metadata":{"name":"a"},"status":{"conditions":[{"type":"Placed","status":"True"},{"type":"Ready","status":"False"}]}}}`))
	if len(seen) != 0 {
		t.Error("a tenant that is not Ready was seen as Ready")
	}
	again := &tenants{ready: all.ready, lost: make(chan struct{})}
	again.follow(strings.NewReader(
		`{"type":"MODIFIED","object":{"metadata":{"name":"a"},"status":{"conditions":[{"type":"Ready","status":"True","reason":"Ready"}]}}}` +
			`{"type":"MODIFIED","object":{"metadata":{"name":"a"},"status":{"conditions":[{"type":"Ready","status":"True"}]}}}`))
	if len(seen) != 1 {
		t.Errorf("seen Ready %d times, want once", len(seen))
	}
	if <-again.lost; again.err == nil {
		t.Error("the end of the watch has no reason")
	}
}
