package replica_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/server"
)

// samples has a request for every route.
var samples = map[string]struct {
	method, path, body string
	status             int
}{
	"document.put":     {"PUT", "/v1/documents/a", "text", http.StatusCreated},
	"document.list":    {"GET", "/v1/documents", "", http.StatusOK},
	"document.get":     {"GET", "/v1/documents/a", "", http.StatusOK},
	"document.content": {"GET", "/v1/documents/a/content", "", http.StatusOK},
	"retrieve":         {"POST", "/v1/retrieve", retrieveX, http.StatusOK},
	"answer":           {"POST", "/v1/answer", retrieveX, http.StatusOK},
	"model.list":       {"GET", "/v1/models", "", http.StatusOK},
	"model.get":        {"GET", "/v1/models/bulkhead-extractive", "", http.StatusOK},
	"chat.complete":    {"POST", "/v1/chat/completions", chatX, http.StatusOK},
	"response.create":  {"POST", "/v1/responses", responseX, http.StatusOK},
	"document.delete":  {"DELETE", "/v1/documents/a", "", http.StatusNoContent},
}

const (
	chatX     = `{"model":"bulkhead-extractive","messages":[{"role":"user","content":"text"}]}`
	responseX = `{"model":"bulkhead-extractive","input":"text","tools":[{"type":"file_search"}]}`
)

func TestEveryRouteIsAudited(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	for _, r := range server.Routes() {
		t.Run(r.Name, func(t *testing.T) {
			s, ok := samples[r.Name]
			if !ok {
				t.Fatal("the route has no sample")
			}
			expect(t, n.ask(t, acme, s.method, s.path, s.body), s.status, "")
			accesses, changes := 1, 0
			if r.Class == server.None {
				accesses = 0
			}
			c.audited(t, r.Name+".intent", "lane <> 0", accesses)
			c.audited(t, r.Name+".result", "lane <> 0", accesses)
			if r.Class == server.Change {
				changes = 1
			}
			c.audited(t, r.Name+".change", "lane = 0", changes)
		})
	}
}

// audited waits for a number of events; a result follows its response.
func (c *cell) audited(t *testing.T, kind, where string, want int) {
	t.Helper()
	conn := c.pg.Superuser(t)
	wait(t, kind, func() error {
		var got int
		err := conn.QueryRow(t.Context(), "select count(*) from bulkhead.audit_event where kind = $1 and "+where, kind).Scan(&got)
		if err == nil && got != want {
			err = fmt.Errorf("%d events, want %d", got, want)
		}
		return err
	})
}

// Without a committed intent nothing is returned and nothing is changed.
func TestNothingWithoutAudit(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", "text"), 201, "")
	c.pg.Exec(t, "revoke insert on bulkhead.audit_event from bulkhead_lane")
	for _, r := range server.Routes() {
		s := samples[r.Name]
		if r.Class == server.None {
			continue // what it returns is the same to every tenant
		}
		got := expect(t, n.ask(t, acme, s.method, s.path, strings.ReplaceAll(s.body, "text", "changed")), 503, "audit_unavailable")
		if got.header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", r.Name)
		}
	}
	c.pg.Exec(t, "grant insert on bulkhead.audit_event to bulkhead_lane")
	if r := expect(t, n.ask(t, acme, "GET", "/v1/documents/a/content", ""), 200, ""); string(r.body) != "text" {
		t.Errorf("the document became %q", r.body)
	}
	// And a change whose event can not be written is not made.
	c.pg.Exec(t, "revoke insert on bulkhead.audit_event from bulkhead_rw")
	if r := n.ask(t, acme, "DELETE", "/v1/documents/a", ""); r.status < 500 {
		t.Errorf("deleted without an event: %d", r.status)
	}
	expect(t, n.ask(t, acme, "GET", "/v1/documents/a", ""), 200, "")
}

func TestFencedTenantIsReadNotWritten(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", "text"), 201, "")
	c.pg.Exec(t, "update bulkhead.fence set state = 'fenced'")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/b", "text"), 503, "tenant_moving")
	expect(t, n.ask(t, acme, "DELETE", "/v1/documents/a", ""), 503, "tenant_moving")
	expect(t, n.ask(t, acme, "POST", "/v1/retrieve", retrieveX), 200, "")
	expect(t, n.ask(t, acme, "GET", "/v1/documents/a/content", ""), 200, "")
	c.pg.Exec(t, "update bulkhead.fence set state = 'open'")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/b", "text"), 201, "")
}

// Connections that the server cuts must cost a request at most, and the chain
// must go on without a fork.
func TestConnectionsCut(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", "text"), 201, "")
	for range 3 {
		c.pg.Exec(t, "select pg_terminate_backend(pid) from pg_stat_activity where usename in ('bulkhead_app', 'bulkhead_lane')")
		n.becomes(t, acme, "POST", "/v1/retrieve", retrieveX, 200, "")
	}
	var forks int
	err := c.pg.Superuser(t).QueryRow(t.Context(), `select count(*) from bulkhead.audit_event e where seq > 1 and not exists (
		select from bulkhead.audit_event p where p.lane = e.lane and p.seq = e.seq - 1 and p.hash = e.prev)`).Scan(&forks)
	if err != nil || forks > 0 {
		t.Errorf("%d events do not follow another, %v", forks, err)
	}
}
