package replica_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/bulkhead-dev/bulkhead/runtime/audit"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/server"
)

// sample is a request. {file} and {store} in it are the ids of those that the sample
// of their creation made.
type sample struct {
	method, path, body string
	status             int
}

// samples has one for every route.
var samples = map[string]sample{
	"document.put":      {"PUT", "/v1/documents/a", "text", http.StatusCreated},
	"document.list":     {"GET", "/v1/documents", "", http.StatusOK},
	"document.get":      {"GET", "/v1/documents/a", "", http.StatusOK},
	"document.content":  {"GET", "/v1/documents/a/content", "", http.StatusOK},
	"retrieve":          {"POST", "/v1/retrieve", retrieveX, http.StatusOK},
	"answer":            {"POST", "/v1/answer", retrieveX, http.StatusOK},
	"file.create":       {"POST", "/v1/files", fileX, http.StatusOK},
	"file.list":         {"GET", "/v1/files", "", http.StatusOK},
	"file.get":          {"GET", "/v1/files/{file}", "", http.StatusOK},
	"file.content":      {"GET", "/v1/files/{file}/content", "", http.StatusOK},
	"file.delete":       {"DELETE", "/v1/files/{file}", "", http.StatusOK},
	"store.create":      {"POST", "/v1/vector_stores", `{"name":"n"}`, http.StatusOK},
	"store.list":        {"GET", "/v1/vector_stores", "", http.StatusOK},
	"store.get":         {"GET", "/v1/vector_stores/{store}", "", http.StatusOK},
	"store.update":      {"POST", "/v1/vector_stores/{store}", `{"name":"m"}`, http.StatusOK},
	"store.delete":      {"DELETE", "/v1/vector_stores/{store}", "", http.StatusOK},
	"store.search":      {"POST", "/v1/vector_stores/{store}/search", retrieveX, http.StatusOK},
	"store.file.create": {"POST", "/v1/vector_stores/{store}/files", `{"file_id":"{file}"}`, http.StatusOK},
	"store.file.list":   {"GET", "/v1/vector_stores/{store}/files", "", http.StatusOK},
	"store.file.get":    {"GET", "/v1/vector_stores/{store}/files/{file}", "", http.StatusOK},
	"store.file.update": {"POST", "/v1/vector_stores/{store}/files/{file}", `{"attributes":{"a":1}}`, http.StatusOK},
	"store.file.delete": {"DELETE", "/v1/vector_stores/{store}/files/{file}", "", http.StatusOK},
	"key.create":        {"POST", "/v1/keys", `{"user":"alice","scopes":["read"]}`, http.StatusCreated},
	"key.list":          {"GET", "/v1/keys", "", http.StatusOK},
	"key.delete":        {"DELETE", "/v1/keys/{key}", "", http.StatusNoContent},
	"usage":             {"GET", "/v1/usage", "", http.StatusOK},
	"history.list":      {"GET", "/v1/history", "", http.StatusOK},
	"history.delete":    {"DELETE", "/v1/history", "", http.StatusOK},
	"user.delete":       {"DELETE", "/v1/users/alice?documents=delete", "", http.StatusOK},
	"openapi":           {"GET", "/openapi.json", "", http.StatusOK},
	"page":              {"GET", "/", "", http.StatusOK},
	"page.file":         {"GET", "/web/page.css", "", http.StatusOK},
	"model.list":        {"GET", "/v1/models", "", http.StatusOK},
	"model.get":         {"GET", "/v1/models/bulkhead-extractive", "", http.StatusOK},
	"embedding.create":  {"POST", "/v1/embeddings", embeddingX, http.StatusOK},
	"chat.complete":     {"POST", "/v1/chat/completions", chatX, http.StatusOK},
	"response.create":   {"POST", "/v1/responses", responseX, http.StatusOK},
	"document.update":   {"PATCH", "/v1/documents/a", `{"principals":["group:sales"]}`, http.StatusOK},
	"document.delete":   {"DELETE", "/v1/documents/a", "", http.StatusNoContent},
}

// try sends the sample of a route, and keeps the id of what it made.
func (n *node) try(t *testing.T, w *tenant, route string, ids map[string]string) response {
	t.Helper()
	s := samples[route]
	for name, id := range ids {
		s.path, s.body = strings.ReplaceAll(s.path, name, id), strings.ReplaceAll(s.body, name, id)
	}
	r := n.askAs(t, w, s)
	if name, made := strings.CutSuffix(route, ".create"); made && (name == "file" || name == "store" || name == "key") {
		var it struct{ ID string }
		_ = json.Unmarshal(r.body, &it)
		ids["{"+name+"}"] = it.ID
	}
	return r
}

// askAs sends a sample with the content type of its route.
func (n *node) askAs(t *testing.T, w *tenant, s sample) response {
	t.Helper()
	if s.path == "/v1/files" && s.method == http.MethodPost {
		return n.form(t, w, s.path, s.body)
	}
	return n.ask(t, w, s.method, s.path, s.body)
}

// form sends a form whose boundary is X.
func (n *node) form(t *testing.T, w *tenant, path, body string) response {
	t.Helper()
	return n.send(t, "POST", path, strings.NewReader(body), map[string]string{
		"Authorization": "Bearer " + w.key, "Content-Type": "multipart/form-data; boundary=X",
	})
}

const (
	fileX = "--X\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nassistants\r\n" +
		"--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.txt\"\r\nContent-Type: application/octet-stream\r\n\r\ntext\r\n--X--\r\n"
	embeddingX = `{"model":"m","input":"text"}` // of a tenant that has this model
	chatX      = `{"model":"bulkhead-extractive","messages":[{"role":"user","content":"text"}]}`
	responseX  = `{"model":"bulkhead-extractive","input":"text","tools":[{"type":"file_search"}]}`
)

func TestEveryRouteIsAudited(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme", newEmbedder(t).embeds("m"))
	n := c.start(t, "runtime-0")
	ids := map[string]string{}
	for _, r := range server.Routes() {
		t.Run(r.Name, func(t *testing.T) {
			s, ok := samples[r.Name]
			if !ok {
				t.Fatal("the route has no sample")
			}
			expect(t, n.try(t, acme, r.Name, ids), s.status, "")
			accesses, changes := 1, 0
			if r.Class == server.None || r.Class == server.Public {
				accesses = 0
			}
			c.audited(t, r.Name+".intent", "lane <> 0", accesses)
			c.audited(t, r.Name+".result", "lane <> 0", accesses)
			if r.Changes() {
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

// TestCreationsAreAuditedByID: the events of what makes something say what it made, but for
// the result, which belongs to the intent.
func TestCreationsAreAuditedByID(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	_, key := n.makeKey(t, acme, `{"user":"alice","scopes":["read"]}`)
	keys := c.keyring(t, acme)
	for action, id := range map[string]string{"key.create": key.ID, "store.create": n.newStore(t, acme, `{"name":"birds"}`).ID} {
		for _, phase := range []audit.Phase{audit.Intent, audit.Change} {
			kind := action + "." + string(phase)
			c.audited(t, kind, "true", 1)
			if got := c.recorded(t, keys, kind).Object; got != id {
				t.Errorf("%s names %q, want %q", kind, got, id)
			}
		}
	}
}

// keyring opens a tenant's keys.
func (c *cell) keyring(t *testing.T, w *tenant) *seal.Keyring {
	t.Helper()
	vault, err := seal.NewVault(c.config(t, "").Vault)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := c.pg.Superuser(t).Query(t.Context(), "select dek_id, purpose, epoch, wrapped from bulkhead.dek where tenant_id = $1", w.Tenant.ID)
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := pgx.CollectRows(rows, pgx.RowToStructByPos[seal.WrappedKey])
	if err != nil {
		t.Fatal(err)
	}
	keys := seal.NewKeyring(w.Tenant.ID, time.Hour, time.Now)
	if err := keys.Renew(t.Context(), vault.KEK(w.Key), wrapped); err != nil {
		t.Fatal(err)
	}
	return keys
}

// recorded opens the record of the one event of a kind, behind its salt.
func (c *cell) recorded(t *testing.T, keys *seal.Keyring, kind string) (r audit.Record) {
	t.Helper()
	const saltBytes = 16
	var lane, seq int64
	var dek uuid.UUID
	var envelope []byte
	c.pg.Scan(t, []any{&lane, &seq, &dek, &envelope}, "select lane, seq, dek_id, envelope_ct from bulkhead.audit_event where kind = $1", kind)
	number := func(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }
	plain, err := keys.OpenCell(seal.Place{Table: "audit_event", Column: "envelope_ct", Row: seal.Bind(number(lane), number(seq))}, dek, envelope)
	if err == nil {
		err = json.Unmarshal(plain[saltBytes:], &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
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
		if r.Class == server.None || r.Class == server.Public {
			continue // what it returns is the same to every tenant
		}
		s.path = strings.NewReplacer("{file}", uuid.NewString(), "{store}", uuid.NewString()).Replace(s.path)
		s.body = strings.NewReplacer("text", "changed", "{file}", uuid.NewString()).Replace(s.body)
		got := expect(t, n.askAs(t, acme, s), 503, "audit_unavailable")
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
	alice := n.user(t, acme, "alice", "read")
	c.pg.Exec(t, "update bulkhead.fence set state = 'fenced'")
	expect(t, n.ask(t, alice, "POST", "/v1/answer", retrieveX), 200, "")
	n.asked(t, alice, "text")
	expect(t, n.ask(t, alice, "DELETE", "/v1/history", ""), 503, "tenant_moving")
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
