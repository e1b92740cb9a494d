package replica_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// generation is how often the tenant's documents have changed.
func (w *tenant) generation(t *testing.T, c *cell) (n int64) {
	t.Helper()
	c.pg.Scan(t, []any{&n}, "select generation from bulkhead.tenant_head where tenant_id = $1", w.Tenant.ID)
	return n
}

// Uploads that wait for one another are committed together; one that is refused is
// refused alone, and of two of one name the second replaces the first.
func TestUploadsAreCommittedTogether(t *testing.T) {
	const uploads, room = 24, 20
	c := newCell(t)
	c.ingests = uploads
	acme := c.tenant(t, "acme")
	acme.edit(t, func(b *binding.Binding) {
		b.Limits.RequestsPerMinute, b.Limits.ConcurrentIngests, b.Limits.Documents = 100_000, uploads, room
	})
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/twice", "text about plovers"), 201, "")
	before := acme.generation(t, c)
	release := c.hold(t, fmt.Sprintf("select from bulkhead.tenant_head where tenant_id = '%s' for update", acme.Tenant.ID))
	word := func(i int) string { return fmt.Sprintf("kestrel%c", 'a'+i) }
	answers := make([]response, uploads)
	var all sync.WaitGroup
	for i := range uploads {
		name := fmt.Sprint(i)
		if i < 2 {
			name = "twice"
		}
		all.Go(func() { answers[i] = n.ask(t, acme, "PUT", "/v1/documents/"+name, "text about "+word(i)) })
	}
	c.audited(t, "document.put.intent", "true", 1+uploads)
	c.waited(t, "bulkhead.tenant_head")
	release()
	all.Wait()
	made, refused := 0, 0
	for i, r := range answers {
		isFound := strings.Contains(string(n.ask(t, acme, "POST", "/v1/retrieve", found(word(i))).body), word(i))
		switch {
		case r.status == 200 && i < 2:
		case r.status == 201:
			made++
		default:
			refused++
			expect(t, r, 403, "quota_exceeded")
		}
		if i >= 2 && isFound != (r.status == 201) {
			t.Errorf("upload %d was answered %d, and is found: %v", i, r.status, isFound)
		}
	}
	if made != room-1 || refused != uploads-2-made {
		t.Errorf("%d documents made and %d refused, with room for %d", made, refused, room-1)
	}
	if rose := acme.generation(t, c) - before; rose > int64(made)/2 {
		t.Errorf("%d documents took %d commits", made, rose)
	}
	again := n.ask(t, acme, "POST", "/v1/retrieve", found("plovers"))
	if both := string(n.ask(t, acme, "GET", "/v1/documents/twice/content", "").body); both != "text about "+word(0) && both != "text about "+word(1) ||
		strings.Contains(string(again.body), "plovers") {
		t.Errorf("of two versions there is %q; %s", both, again.body)
	}
}
