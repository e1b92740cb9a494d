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

// A tenant's documents are read anew while they are changed all the time, through two
// replicas: nothing is lost by it, and nothing that was deleted returns.
func TestLanguageChangesWhileDocumentsDo(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme", func(b *binding.Binding) { b.Limits.ConcurrentIngests = 16 })
	replicas := []*node{c.start(t, "runtime-0"), c.start(t, "runtime-1")}
	n := replicas[0]
	const before = 60
	for i := range before {
		text := fmt.Sprintf("Die Häuser am Reiher%dweg stehen leer.\n\n%s", i, library(20, uint64(i)))
		expect(t, n.ask(t, acme, "PUT", fmt.Sprint("/v1/documents/before-", i), text), 201, "")
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		churn(t, replicas, acme)
	}()
	t.Cleanup(func() { <-ended })
	acme.edit(t, func(b *binding.Binding) { b.Language = "de" })
	for _, n := range replicas {
		wait(t, "documents of before", func() error {
			if r := n.ask(t, acme, "POST", "/v1/retrieve", found("Haus")); !strings.Contains(string(r.body), "Häuser") {
				return fmt.Errorf("they are not read anew: %d %s", r.status, r.body)
			}
			return nil
		})
	}
	select {
	case <-ended:
		t.Error("the language changed only once no document did")
	default:
		<-ended
	}
	live := leftByChurn()
	for word, lives := range live {
		r := n.ask(t, acme, "POST", "/v1/retrieve", found(word))
		if strings.Contains(string(r.body), word) != lives {
			t.Errorf("%s lives: %t, found: %d %s", word, lives, r.status, r.body)
		}
	}
	for i := range before {
		street := fmt.Sprintf("Reiher%dweg", i)
		if r := n.ask(t, acme, "POST", "/v1/retrieve", found(street)); !strings.Contains(string(r.body), street) {
			t.Errorf("%s is not found: %d %s", street, r.status, r.body)
		}
	}
	var usage struct{ Documents int }
	expect(t, n.ask(t, acme, "GET", "/v1/usage", ""), 200, "").into(t, &usage)
	for _, lives := range live {
		if lives {
			usage.Documents--
		}
	}
	if usage.Documents != before {
		t.Errorf("%d documents of before, of %d", usage.Documents, before)
	}
}
