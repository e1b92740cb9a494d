package replica_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// Documents are read in the tenant's language, and read anew when that changes.
func TestLanguage(t *testing.T) {
	c := newCell(t)
	german := c.tenant(t, "german", func(b *binding.Binding) { b.Language = "de" })
	later := c.tenant(t, "later")
	n := c.start(t, "runtime-0")
	finds := func(w *tenant, query, word string) error {
		if r := n.ask(t, w, "POST", "/v1/retrieve", found(query)); r.status != 200 || !strings.Contains(string(r.body), word) {
			return fmt.Errorf("%s does not find %s: %d %s", query, word, r.status, r.body)
		}
		return nil
	}
	for _, w := range []*tenant{german, later} {
		expect(t, n.ask(t, w, "PUT", "/v1/documents/one", "Die Häuser stehen am Hang."), 201, "")
	}
	if err := finds(german, "Haus", "Häuser"); err != nil {
		t.Error(err)
	}
	if finds(later, "Haus", "Häuser") == nil {
		t.Error("English knows German plurals")
	}
	later.edit(t, func(b *binding.Binding) { b.Language = "de" })
	wait(t, "documents of before", func() error { return finds(later, "Haus", "Häuser") })
	expect(t, n.ask(t, later, "PUT", "/v1/documents/two", "Alle Bäume sind gefällt."), 201, "")
	if err := finds(later, "Baum", "Bäume"); err != nil {
		t.Error(err)
	}
	if got, _ := later.segments(t, c); got != 2 {
		t.Errorf("%d segments of two documents", got)
	}
	later.edit(t, func(b *binding.Binding) { b.Language = "xx" })
	wait(t, "log", func() error {
		if !strings.Contains(c.log.String(), `no language \"xx\"`) {
			return fmt.Errorf("it does not say that there is no such language")
		}
		return nil
	})
	if err := finds(later, "Baum", "Bäume"); err != nil {
		t.Errorf("the last good Binding is not in effect: %v", err)
	}
}
