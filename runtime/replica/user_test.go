package replica_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// keyJSON is a key that a tenant made.
type keyJSON struct {
	ID, Key, User, Label string
	Groups, Scopes       []string
}

// makeKey makes a key by a request, and shows it as a tenant of the test.
func (n *node) makeKey(t *testing.T, w *tenant, body string) (*tenant, keyJSON) {
	t.Helper()
	var made keyJSON
	expect(t, n.ask(t, w, "POST", "/v1/keys", body), 201, "").into(t, &made)
	return &tenant{Binding: w.Binding, key: made.Key, cell: w.cell}, made
}

// user makes a key for a user of a scope, in groups.
func (n *node) user(t *testing.T, w *tenant, name, scope string, groups ...string) *tenant {
	t.Helper()
	body, err := json.Marshal(map[string]any{"user": name, "scopes": []string{scope}, "groups": groups})
	if err != nil {
		t.Fatal(err)
	}
	with, _ := n.makeKey(t, w, string(body))
	return with
}

// TestKeysAreMadeListedAndDeleted: a key works on every replica at once, is told only
// once, and lets nobody in any more when it was deleted on another replica.
func TestKeysAreMadeListedAndDeleted(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n, other := c.start(t, "runtime-0"), c.start(t, "runtime-1")
	alice, made := n.makeKey(t, acme, `{"user":"alice@example.com","groups":["sales"],"scopes":["write"],"label":"laptop"}`)
	for _, at := range []*node{n, other} {
		expect(t, at.ask(t, alice, "GET", "/v1/documents", ""), 200, "")
		expect(t, at.ask(t, alice, "GET", "/v1/models", ""), 200, "")
	}
	second, _ := n.makeKey(t, acme, `{"user":"alice@example.com","scopes":["read"]}`)
	expect(t, other.ask(t, second, "GET", "/v1/documents", ""), 200, "")

	listed := expect(t, other.ask(t, acme, "GET", "/v1/keys", ""), 200, "")
	var all struct{ Data []keyJSON }
	listed.into(t, &all)
	if len(all.Data) != 2 || strings.Contains(string(listed.body), made.Key) {
		t.Errorf("listed: %s", listed.body)
	}
	expect(t, n.ask(t, acme, "DELETE", "/v1/keys/"+made.ID, ""), 204, "")
	for _, path := range []string{"/v1/documents", "/v1/models", "/v1/nothing"} {
		for _, at := range []*node{other, n} {
			expect(t, at.ask(t, alice, "GET", path, ""), 401, "invalid_api_key")
		}
	}
	expect(t, other.ask(t, second, "GET", "/v1/documents", ""), 200, "")
	expect(t, n.ask(t, acme, "DELETE", "/v1/keys/"+made.ID, ""), 404, "key_not_found")
	if strings.Contains(c.log.String(), "alice") {
		t.Error("the log has a user's name")
	}
}

// TestDeletedKeyIsRefusedAtOnce: on a replica that does nothing else meanwhile, whatever
// the first request is.
func TestDeletedKeyIsRefusedAtOnce(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n, other := c.start(t, "runtime-0"), c.start(t, "runtime-1")
	for _, s := range []ask{
		{"GET", "/v1/models", ""},
		{"GET", "/v1/documents", ""},
		{"PUT", "/v1/documents/a", "text"},
		{"POST", "/v1/retrieve", retrieveX},
		{"POST", "/v1/chat/completions", chatX},
		{"GET", "/v1/keys", ""},
	} {
		key, made := n.makeKey(t, acme, `{"user":"root","scopes":["admin"]}`)
		if r := other.ask(t, key, s.method, s.path, s.body); r.status >= 300 {
			t.Fatalf("%s %s: %d %s", s.method, s.path, r.status, r.body)
		}
		expect(t, n.ask(t, acme, "DELETE", "/v1/keys/"+made.ID, ""), 204, "")
		expect(t, other.ask(t, key, s.method, s.path, s.body), 401, "invalid_api_key")
	}
}

func TestExpiredKey(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	soon, _ := n.makeKey(t, acme, `{"user":"alice","scopes":["read"],"expires_at":"`+time.Now().Add(6*time.Second).Format(time.RFC3339Nano)+`"}`)
	expect(t, n.ask(t, soon, "GET", "/v1/documents", ""), 200, "")
	n.becomes(t, soon, "GET", "/v1/documents", "", 401, "invalid_api_key")
}

// TestScopes: a key does what its scope says and no more.
func TestScopes(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", "text"), 201, "")
	reader, writer, admin := n.user(t, acme, "reader", "read"), n.user(t, acme, "writer", "write"), n.user(t, acme, "root", "admin")
	for _, s := range []ask{
		{"PUT", "/v1/documents/b", "text"},
		{"DELETE", "/v1/documents/a", ""},
		{"POST", "/v1/vector_stores", `{"name":"n"}`},
	} {
		expect(t, n.ask(t, reader, s.method, s.path, s.body), 403, "insufficient_scope")
	}
	for _, w := range []*tenant{reader, writer} {
		expect(t, n.ask(t, w, "POST", "/v1/retrieve", retrieveX), 200, "")
		expect(t, n.ask(t, w, "GET", "/v1/keys", ""), 403, "insufficient_scope")
		expect(t, n.ask(t, w, "POST", "/v1/keys", `{"user":"x","scopes":["admin"]}`), 403, "insufficient_scope")
		expect(t, n.ask(t, w, "DELETE", "/v1/keys/x", ""), 403, "insufficient_scope")
	}
	expect(t, n.ask(t, writer, "PUT", "/v1/documents/c", "text"), 201, "")
	n.user(t, admin, "more", "admin")
}

func TestKeysThatAreNotMade(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	groups, err := json.Marshal(strings.Split(strings.Repeat("g,", 64)+"g", ","))
	if err != nil {
		t.Fatal(err)
	}
	for body, code := range map[string]string{
		`{"user":"a"}`: "invalid_scopes", `{"user":"a","scopes":["root"]}`: "invalid_scopes", `{"user":"a","scopes":[]}`: "invalid_scopes",
		`{"scopes":["write"]}`: "invalid_user", `{"user":"a b","scopes":["read"]}`: "invalid_user", `{"user":"é","scopes":["read"]}`: "invalid_user",
		`{"user":"` + strings.Repeat("a", 129) + `","scopes":["read"]}`: "invalid_user", `{"user":"a","groups":["x,y"],"scopes":["read"]}`: "invalid_groups",
		`{"user":"a","groups":` + string(groups) + `,"scopes":["read"]}`: "invalid_groups", `{"user":"a","label":"a\u0000","scopes":["read"]}`: "invalid_label",
		`{"user":"a","scopes":["read"],"expires_at":"tomorrow"}`: "invalid_expires_at", `{"user":"a","scopes":["read"],"expires_at":7}`: "invalid_type",
		`{"user":"a","scopes":["read"],"expires_at":"2020-01-01T00:00:00Z"}`: "invalid_expires_at", `{"tenant":"b","user":"a","scopes":["read"]}`: "unknown_field",
	} {
		expect(t, n.ask(t, acme, "POST", "/v1/keys", body), 400, code)
	}
	expect(t, n.ask(t, acme, "DELETE", "/v1/keys/%00", ""), 404, "key_not_found")
}

// TestGuessedKeysAskTheDatabaseSeldom: a key opens its own tenant only, and guessing does not ask the
// database each time.
func TestGuessedKeysAskTheDatabaseSeldom(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	alice := n.user(t, acme, "alice", "read")
	expect(t, n.ask(t, alice, "GET", "/v1/documents", ""), 200, "")
	conn := c.pg.Superuser(t)
	reads := headReads(t, conn)
	for range 300 {
		guess, _ := binding.NewKey(acme.Tenant.ID, "uguess")
		expect(t, n.ask(t, &tenant{key: guess}, "GET", "/v1/documents", ""), 401, "invalid_api_key")
	}
	var more int64
	wait(t, "statistics", func() error { // of the database come late
		if more = headReads(t, conn) - reads; more == 0 {
			return fmt.Errorf("no reads yet")
		}
		return nil
	})
	if more > 150 {
		t.Errorf("300 guesses read the head %d times", more)
	}
	stranger, _ := binding.NewKey(uuid.New(), "u1")
	expect(t, n.ask(t, &tenant{key: stranger}, "GET", "/v1/documents", ""), 401, "invalid_api_key")
	expect(t, n.ask(t, alice, "GET", "/v1/documents", ""), http.StatusOK, "")
}

// headReads counts the scans of the tenants' heads.
func headReads(t *testing.T, conn *pgx.Conn) (n int64) {
	t.Helper()
	row := conn.QueryRow(t.Context(), `select coalesce(seq_scan, 0) + coalesce(idx_scan, 0) from pg_stat_user_tables
		where schemaname = 'bulkhead' and relname = 'tenant_head'`)
	if err := row.Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAlteredKeyDoesNotOpen: who writes into the database makes nobody more than they are.
func TestAlteredKeyDoesNotOpen(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	_, root := n.makeKey(t, acme, `{"user":"root","scopes":["admin"]}`)
	eve, eves := n.makeKey(t, acme, `{"user":"eve","scopes":["read"]}`)
	n.stop()
	forged, stored := binding.NewKey(acme.Tenant.ID, root.ID)
	for name, s := range map[string]struct{ sql, key string }{
		"scopes": {`update bulkhead.user_key set scopes = '{read,write,admin}'`, eve.key},
		"hash":   {`update bulkhead.user_key set hash = decode('` + stored.SHA256 + `', 'hex') where key_id = '` + root.ID + `'`, forged},
		"meta": {`update bulkhead.user_key k set meta_ct = o.meta_ct from bulkhead.user_key o
			where o.key_id = '` + root.ID + `' and k.key_id = '` + eves.ID + `'`, eve.key},
	} {
		c.pg.Exec(t, "begin; set local session_replication_role = replica; "+s.sql+"; commit")
		again := c.start(t, "runtime-"+name)
		if r := again.ask(t, &tenant{key: s.key}, "GET", "/v1/keys", ""); r.status < 400 {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
		again.stop()
	}
}

// TestStreamOfADeletedKeyIsCut on a replica that nobody asks anything else.
func TestStreamOfADeletedKeyIsCut(t *testing.T) {
	c := newCell(t)
	n, other := c.start(t, "runtime-0"), c.start(t, "runtime-1")
	api, left := endless(t)
	w := c.tenant(t, "tenant", api.chats)
	n.becomes(t, w, "PUT", "/v1/documents/refunds", refunds, 201, "")
	alice, made := n.makeKey(t, w, `{"user":"alice","scopes":["read"]}`)
	events := n.listen(t.Context(), t, alice, refundQuestion)
	<-events
	other.becomes(t, w, "DELETE", "/v1/keys/"+made.ID, "", 204, "")
	start, last := time.Now(), sent{}
	for e := range events {
		last = e
	}
	if last.name != "error" || (response{body: last.data}).code() != "invalid_api_key" {
		t.Errorf("the stream ends with %s %s", last.name, last.data)
	}
	within(t, left, start, 5*time.Second)
}
