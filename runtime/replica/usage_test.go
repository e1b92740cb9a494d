package replica_test

import (
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// TestUsage counts what a key sees beside what the tenant may have.
func TestUsage(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme", func(b *binding.Binding) { b.Limits.Documents, b.Limits.StorageBytes = 77, 1<<20 })
	n := c.start(t, "runtime-0")
	alice := n.user(t, acme, "alice", "read")
	type usageJSON struct {
		Tenant                   struct{ ID, Name string }
		Documents, Bytes, Chunks int
		Hybrid                   bool
		Limits                   struct{ Documents int }
	}
	usage := func(w *tenant) (u usageJSON) {
		t.Helper()
		expect(t, n.ask(t, w, "GET", "/v1/usage", ""), 200, "").into(t, &u)
		return u
	}
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", "seven b"), 201, "")
	large := library(320, 1)
	expect(t, n.share(t, acme, "b", large, forWhom("")), 201, "")
	n.meansMore(t, acme, topicWord(0, 0))
	all, seen := usage(acme), usage(alice)
	if all.Documents != 2 || all.Bytes != 7+len(large) || all.Chunks != 321 || !all.Hybrid || all.Limits.Documents != 77 {
		t.Errorf("of the tenant: %+v", all)
	}
	for _, u := range []usageJSON{all, seen} {
		if u.Tenant.ID != acme.Tenant.ID.String() || u.Tenant.Name != "acme" {
			t.Errorf("of another tenant: %+v", u.Tenant)
		}
	}
	if seen.Documents != 1 || seen.Bytes != 7 || seen.Chunks != 1 || seen.Limits.Documents != 77 {
		t.Errorf("of alice: %+v", seen)
	}
}
