package replica_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// Whoever dumps the database finds nothing of what tenants stored or asked.
func TestDatabaseHoldsNoPlaintext(t *testing.T) {
	c := newCell(t)
	model := newEmbedder(t)
	acme, globex := c.tenant(t, "acme"), c.tenant(t, "globex", model.embeds("m"))
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/canaryname?title=canarytitle", "# canaryheading\n\ncanarytext stands here.\n"), 201, "")
	expect(t, n.putWith(t, acme, "canaryother", "canarytext", `{"canarykey":"canaryvalue"}`), 201, "")
	expect(t, n.ask(t, acme, "POST", "/v1/vector_stores", `{"name":"canarystore","metadata":{"canarykey":"canaryvalue"}}`), 200, "")
	expect(t, n.ask(t, acme, "POST", "/v1/answer", `{"query":"canarytext canaryquestion","filters":{"type":"eq","key":"canarykey","value":"canaryvalue"}}`), 200, "")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/library", strings.ReplaceAll(library(320, 1), "# Section", "# canarysection")), 201, "")
	n.meansMore(t, acme, topicWord(0, 0)) // there are vectors
	expect(t, n.ask(t, globex, "PUT", "/v1/documents/embedded", "canarytext"), 201, "")
	vector := model.seenBytes(t)
	sharing := map[string]string{"Bulkhead-Owner": "canaryowner", "Bulkhead-Principals": "user:canaryuser, group:canarygroup"}
	expect(t, n.share(t, acme, "canaryowned", "canarytext", sharing), 201, "")
	sharing["Prefer"] = "respond-async"
	expect(t, n.share(t, acme, "canaryqueued", "canarytext", sharing), 202, "")
	expect(t, n.ask(t, acme, "POST", "/v1/keys", `{"user":"canaryuser","groups":["canarygroup"],"label":"canarylabel","scopes":["read"]}`), 201, "")
	asking := n.user(t, acme, "canaryuser", "read", "canarygroup")
	expect(t, n.ask(t, asking, "POST", "/v1/answer", `{"query":"canaryhistory"}`), 200, "")
	n.asked(t, asking, "canaryhistory")
	n.stop()
	c.pg.Exec(t, "create table public.control as select 'plainlystored'::text as word", "checkpoint")

	dump := exec.Command(filepath.Join(c.pg.Bin, "pg_dump"), "-h", c.pg.Host, "-p", fmt.Sprint(c.pg.Port), "-U", "postgres", "--format=plain", binding.DatabaseName)
	out, err := dump.Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "COPY bulkhead.blob") || !strings.Contains(string(out), "plainlystored") {
		t.Fatal("the dump holds no table")
	}
	without(t, "dump", out, vector)
	// bytea is hexadecimal in a dump; the files have it as it is, WAL included.
	plain := map[string]bool{} // folders of files that hold what is stored as it is
	err = filepath.WalkDir(c.pg.Dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		data, err := io.ReadAll(f)
		without(t, path, data, vector)
		if strings.Contains(string(data), "plainlystored") {
			folder, _, _ := strings.Cut(strings.TrimPrefix(path, c.pg.Dir+"/"), "/")
			plain[folder] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !plain["base"] || !plain["pg_wal"] {
		t.Errorf("looked in vain: what is stored as it is is found in %v only", plain)
	}
	without(t, "log", []byte(c.log.String()))
}

// without fails if data hold canaries, or one of the other forms, as they are or in
// hexadecimal digits.
func without(t *testing.T, where string, data []byte, others ...string) {
	t.Helper()
	text := string(data)
	for _, form := range append([]string{"canary", topicWord(0, 0)}, others...) {
		for _, form := range []string{form, fmt.Sprintf("%x", form)} {
			if at := strings.Index(text, form); at >= 0 {
				t.Errorf("%s holds %q", where, text[at:min(at+40, len(text))])
			}
		}
	}
}

// Ciphertext that is put in another place must not open there.
func TestSwappedCiphertextDoesNotOpen(t *testing.T) {
	search, describe := ask{"POST", "/v1/retrieve", `{"query":"secret"}`}, ask{"GET", "/v1/documents/one", ""}
	swaps := map[string]swap{
		"metadata of two documents": {`update bulkhead.document d set meta_ct = o.meta_ct from bulkhead.document o
			where d.tenant_id = o.tenant_id and d.doc_id <> o.doc_id`, describe},
		"metadata of two tenants": {`update bulkhead.document d set meta_ct = o.meta_ct, dek_id = o.dek_id from bulkhead.document o
			where d.tenant_id <> o.tenant_id`, describe},
		"texts of two documents": {`update bulkhead.blob b set ct = o.ct from bulkhead.blob o
			where b.tenant_id = o.tenant_id and b.object_id <> o.object_id and b.kind = 'src' and o.kind = 'src' and b.block_no = o.block_no`, search},
		"texts of two tenants": {`update bulkhead.blob b set ct = o.ct from bulkhead.blob o
			where b.tenant_id <> o.tenant_id and b.kind = 'src' and o.kind = 'src' and b.block_no = o.block_no`, search},
		"segments of one tenant": {`update bulkhead.blob b set ct = o.ct from bulkhead.blob o
			where b.tenant_id = o.tenant_id and b.object_id <> o.object_id and b.kind = 'lex' and o.kind = 'lex' and b.block_no = o.block_no`, search},
		"segments of two tenants": {`update bulkhead.blob b set ct = o.ct from bulkhead.blob o
			where b.tenant_id <> o.tenant_id and b.kind = 'lex' and o.kind = 'lex' and b.block_no = o.block_no`, search},
		"a text for a segment": {`update bulkhead.blob b set ct = o.ct from bulkhead.blob o
			where b.tenant_id = o.tenant_id and b.kind = 'lex' and o.kind = 'src' and b.block_no = o.block_no`, search},
		"manifests of two tenants": {`update bulkhead.tenant_head h set manifest = o.manifest, manifest_dek = o.manifest_dek
			from bulkhead.tenant_head o where h.tenant_id <> o.tenant_id`, search},
		"the manifest of another generation": {`update bulkhead.tenant_head set generation = generation + 1`, search},
		"a manifest that is cut off":         {`update bulkhead.tenant_head set manifest = substr(manifest, 1, length(manifest) - 16)`, search},
		"a segment that is gone":             {`delete from bulkhead.blob where kind = 'lex'`, search},
		"a segment without its end":          {`delete from bulkhead.blob where kind = 'lex' and block_no > 0`, search},
		"a flipped bit in a text":            {`update bulkhead.blob set ct = set_byte(ct, 40, get_byte(ct, 40) # 1) where kind = 'src' and block_no = 1`, search},
		"a flipped bit in a segment":         {`update bulkhead.blob set ct = set_byte(ct, 40, get_byte(ct, 40) # 1) where kind = 'lex' and block_no = 1`, search},
	}
	c := newCell(t)
	acme, globex := c.tenant(t, "acme"), c.tenant(t, "globex")
	n := c.start(t, "runtime-0")
	for _, w := range []*tenant{acme, globex} {
		expect(t, n.ask(t, w, "PUT", "/v1/documents/one", "one secret of "+w.Tenant.Name), 201, "")
		expect(t, n.ask(t, w, "PUT", "/v1/documents/two", "two secret of "+w.Tenant.Name), 201, "")
	}
	n.stop()
	c.refuses(t, acme, swaps)
}

// What is sealed beside documents must not open in another place either: what waits in the
// queue, vector stores, users' keys, and what users asked.
func TestSwappedCellsDoNotOpen(t *testing.T) {
	c := newCell(t)
	workers := c.queue.Workers
	c.queue.Workers = 0 // the queue stays
	acme, globex := c.tenant(t, "acme"), c.tenant(t, "globex")
	n := c.start(t, "runtime-0")
	var alice *tenant
	for _, w := range []*tenant{globex, acme} {
		for _, name := range []string{"one", "two"} {
			n.newStore(t, w, `{"name":"`+name+` of `+w.Tenant.Name+`"}`)
			expect(t, n.queueFile(t, w, name, typeHTML, "<title>"+name+"</title><p>secret of "+w.Tenant.Name), 202, "")
		}
		alice = n.user(t, w, "alice", "read")
		n.user(t, w, "bob", "read")
		for _, question := range []string{"one of " + w.Tenant.Name, "two of " + w.Tenant.Name} {
			expect(t, n.ask(t, alice, "POST", "/v1/answer", `{"query":"`+question+`"}`), 200, "")
			n.asked(t, alice, question)
		}
	}
	waits, stores := ask{"GET", "/v1/documents?status=in_progress", ""}, ask{"GET", "/v1/vector_stores", ""}
	for who, all := range map[*tenant][]map[string]swap{
		acme:  {swaps("upload", "meta_ct", "upload_id", waits), swaps("vector_store", "meta_ct", "store_id", stores)},
		alice: {swaps("history", "ct", "id", ask{"GET", "/v1/history", ""})},
	} {
		for _, table := range all {
			for name, swap := range table {
				c.keepingRows(t, func() {
					c.alter(t, swap.sql)
					n.notices(t, who, name, swap.ask)
				})
				expect(t, n.ask(t, who, swap.method, swap.path, swap.body), 200, "")
			}
		}
	}
	n.stop()
	c.refuses(t, alice, swaps("user_key", "meta_ct", "key_id", ask{"GET", "/v1/usage", ""})) // which a replica keeps

	// The files that wait change places, within a tenant and between two.
	for _, of := range []string{"=", "<>"} {
		c.queue.Workers = workers
		c.keepingRows(t, func() {
			c.alter(t, `update bulkhead.blob b set ct = o.ct from bulkhead.blob o
				where b.tenant_id `+of+` o.tenant_id and b.object_id <> o.object_id and b.block_no = o.block_no`)
			again := c.start(t, "runtime-1")
			defer again.stop()
			for _, name := range []string{"one", "two"} {
				if doc := again.ends(t, acme, name); doc.Status != "failed" {
					t.Errorf("tenants %s: %+v", of, doc)
				}
			}
		})
	}
}

// swaps are those of a sealed column between rows of a tenant, and of two.
func swaps(table, column, id string, met ask) map[string]swap {
	update := fmt.Sprintf(`update bulkhead.%[1]s a set %[2]s = o.%[2]s, dek_id = o.dek_id from bulkhead.%[1]s o where `, table, column)
	return map[string]swap{
		table + " of two rows":    {update + `a.tenant_id = o.tenant_id and a.` + id + ` <> o.` + id, met},
		table + " of two tenants": {update + `a.tenant_id <> o.tenant_id`, met},
	}
}

// swap is what is done to the database, and a request that would meet it.
type swap struct {
	sql string
	ask
}

// refuses makes the swaps one by one, each of which a new replica must notice.
func (c *cell) refuses(t *testing.T, w *tenant, swaps map[string]swap) {
	t.Helper()
	for name, swap := range swaps {
		t.Run(name, func(t *testing.T) {
			c.keepingRows(t, func() {
				c.alter(t, swap.sql)
				again := c.start(t, "runtime-1")
				defer again.stop()
				again.notices(t, w, name, swap.ask)
			})
			again := c.start(t, "runtime-2")
			defer again.stop()
			expect(t, again.ask(t, w, swap.method, swap.path, swap.body), 200, "")
		})
	}
}

// alter writes into the database past all that guards it.
func (c *cell) alter(t *testing.T, sql string) {
	t.Helper()
	c.pg.Exec(t, "begin; set local session_replication_role = replica; "+sql+"; commit")
}

// notices fails unless a replica finds out what was altered, and tells none of it.
func (n *node) notices(t *testing.T, w *tenant, what string, s ask) {
	t.Helper()
	r := n.ask(t, w, s.method, s.path, s.body)
	noticed := r.code() == "internal_error" || r.code() == "database_rolled_back"
	if !noticed || strings.Contains(string(r.body), "globex") {
		t.Errorf("%s: got %d %s", what, r.status, r.body)
	}
}

// ask is a request.
type ask struct{ method, path, body string }

// kept are the tables whose rows are put back.
var kept = []string{"document", "blob", "upload", "job", "vector_store", "user_key", "history"}

// keepingRows puts the rows back as they were, but for the audit log's.
func (c *cell) keepingRows(t *testing.T, during func()) {
	t.Helper()
	keep, restore := `create table public.keep_head as table bulkhead.tenant_head;`, `begin; set local session_replication_role = replica;
		update bulkhead.tenant_head h set generation = k.generation, manifest = k.manifest, manifest_dek = k.manifest_dek
			from public.keep_head k where h.tenant_id = k.tenant_id; drop table public.keep_head;`
	for _, table := range kept {
		keep += fmt.Sprintf(`create table public.keep_%[1]s as table bulkhead.%[1]s;`, table)
		restore += fmt.Sprintf(`delete from bulkhead.%[1]s; insert into bulkhead.%[1]s table public.keep_%[1]s; drop table public.keep_%[1]s;`, table)
	}
	c.pg.Exec(t, keep)
	defer c.pg.Exec(t, restore+`commit`)
	during()
}
