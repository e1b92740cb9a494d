package replica_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
)

// No byte of one tenant may reach another: two tenants use every route at the
// same time over a pool of two connections, with the same names and questions.
func TestTenantsNeverSeeEachOther(t *testing.T) {
	c := newCell(t)
	c.db.AppConns, c.db.LaneConns, c.db.TenantShare = 2, 2, 1
	n := c.start(t, "runtime-0")
	uploads := func(b *binding.Binding) { b.Limits.ConcurrentIngests = 16 }
	pair := []*tenant{c.tenant(t, "acme", uploads), c.tenant(t, "globex", uploads)}
	canary := []string{"canaryacme", "canaryglobex"}
	ids := make([]made, 2)
	for i, w := range pair {
		n.becomes(t, w, "GET", "/v1/documents", "", 200, "")
		ids[i] = n.make(t, w, canary[i])
	}
	var all sync.WaitGroup
	for g := range 16 {
		me := g % 2
		all.Go(func() {
			for round := range 12 {
				useEveryRoute(t, n, pair[me], canary[me], canary[1-me], ids[1-me], round)
			}
		})
	}
	all.Wait()
	if strings.Contains(c.log.String(), "canary") {
		t.Error("the log has content")
	}
}

func document(canary string, round int) string {
	return fmt.Sprintf("# Notes of %s\n\nThe secret of the vault is %s number %d.\n", canary, canary, round)
}

// made are the ids of what a tenant has.
type made struct{ document, store string }

func (n *node) make(t *testing.T, w *tenant, canary string) made {
	t.Helper()
	var doc docJSON
	expect(t, n.ask(t, w, "PUT", "/v1/documents/shared", document(canary, 0)), 201, "").into(t, &doc)
	return made{doc.ID, n.newStore(t, w, `{"name":"`+canary+`","file_ids":["file-`+doc.ID+`"]}`).ID}
}

func useEveryRoute(t *testing.T, n *node, w *tenant, mine, theirs string, foreign made, round int) {
	calls := []struct {
		method, path, body string
		ok                 []int
	}{
		{"PUT", "/v1/documents/shared", document(mine, round), []int{200, 201}},
		{"PUT", fmt.Sprintf("/v1/documents/own%d", round), document(mine, round), []int{200, 201}},
		{"GET", "/v1/documents", "", []int{200}},
		{"GET", "/v1/documents/shared", "", []int{200}},
		{"GET", "/v1/documents/shared/content", "", []int{200, 409}},
		{"POST", "/v1/retrieve", `{"query":"secret of the vault"}`, []int{200}},
		{"POST", "/v1/retrieve", `{"query":"` + theirs + `"}`, []int{200}},
		{"POST", "/v1/answer", `{"query":"What is the secret of the vault?"}`, []int{200}},
		{"POST", "/v1/chat/completions", `{"model":"bulkhead-extractive","messages":[{"role":"user","content":"What is the secret of the vault?"}]}`, []int{200}},
		{"POST", "/v1/responses", `{"model":"bulkhead-extractive","input":"What is the secret of the vault?","tools":[{"type":"file_search"}],"include":["file_search_call.results"]}`, []int{200}},
		{"GET", "/v1/files", "", []int{200}},
		{"GET", "/v1/vector_stores", "", []int{200}},
		{"POST", "/v1/vector_stores", `{"name":"` + mine + `"}`, []int{200}},
		{"GET", "/v1/vector_stores/" + foreign.store, "", []int{404}},
		{"GET", "/v1/vector_stores/" + foreign.store + "/files", "", []int{404}},
		{"POST", "/v1/vector_stores/" + foreign.store + "/search", `{"query":"secret of the vault"}`, []int{404}},
		{"POST", "/v1/vector_stores/" + foreign.store, `{"name":"mine"}`, []int{404}},
		{"DELETE", "/v1/vector_stores/" + foreign.store, "", []int{404}},
		{"GET", "/v1/files/file-" + foreign.document, "", []int{404}},
		{"GET", "/v1/files/file-" + foreign.document + "/content", "", []int{404}},
		{"DELETE", "/v1/files/file-" + foreign.document, "", []int{404}},
		{"DELETE", fmt.Sprintf("/v1/documents/own%d", round), "", []int{204, 404}},
		{"GET", "/v1/documents/" + foreign.document, "", []int{404}},
		{"GET", "/v1/documents/" + foreign.document + "/content", "", []int{404}},
		{"DELETE", "/v1/documents/" + foreign.document, "", []int{404}},
	}
	for _, call := range calls {
		r := n.ask(t, w, call.method, call.path, call.body)
		if strings.Contains(string(r.body), theirs) {
			t.Errorf("%s %s shows the other tenant's content: %s", call.method, call.path, r.body)
		}
		known := r.status == http.StatusServiceUnavailable && r.code() == "database_busy" // the pool is that small
		for _, status := range call.ok {
			known = known || r.status == status
		}
		if !known {
			t.Errorf("%s %s: %d %s", call.method, call.path, r.status, r.body)
		}
	}
}

// Whoever dumps the database finds nothing of what tenants stored or asked.
func TestDatabaseHoldsNoPlaintext(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/canaryname?title=canarytitle", "# canaryheading\n\ncanarytext stands here.\n"), 201, "")
	expect(t, n.putWith(t, acme, "canaryother", "canarytext", `{"canarykey":"canaryvalue"}`), 201, "")
	expect(t, n.ask(t, acme, "POST", "/v1/vector_stores", `{"name":"canarystore","metadata":{"canarykey":"canaryvalue"}}`), 200, "")
	expect(t, n.ask(t, acme, "POST", "/v1/answer", `{"query":"canarytext canaryquestion","filters":{"type":"eq","key":"canarykey","value":"canaryvalue"}}`), 200, "")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/library", strings.ReplaceAll(library(320, 1), "# Section", "# canarysection")), 201, "")
	n.meansMore(t, acme, topicWord(0, 0)) // there are vectors
	sharing := map[string]string{"Bulkhead-Owner": "canaryowner", "Bulkhead-Principals": "user:canaryuser, group:canarygroup"}
	expect(t, n.share(t, acme, "canaryowned", "canarytext", sharing), 201, "")
	sharing["Prefer"] = "respond-async"
	expect(t, n.share(t, acme, "canaryqueued", "canarytext", sharing), 202, "")
	expect(t, n.ask(t, acme, "POST", "/v1/keys", `{"user":"canaryuser","groups":["canarygroup"],"label":"canarylabel","scopes":["read"]}`), 201, "")
	asking := n.user(t, acme, "canaryuser", "read", "canarygroup")
	expect(t, n.ask(t, asking, "POST", "/v1/answer", `{"query":"canaryhistory"}`), 200, "")
	n.asked(t, asking, "canaryhistory")
	n.stop()
	c.pg.Exec(t, "checkpoint")

	dump := exec.Command(filepath.Join(c.pg.Bin, "pg_dump"), "-h", c.pg.Host, "-p", fmt.Sprint(c.pg.Port), "-U", "postgres", "--format=plain", binding.DatabaseName)
	out, err := dump.Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "COPY bulkhead.blob") {
		t.Fatal("the dump holds no table")
	}
	without(t, "dump", out)
	// bytea is hexadecimal in a dump; the files have it as it is, WAL included.
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
		without(t, path, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	without(t, "log", []byte(c.log.String()))
}

// vectorsBegin is how plain vectors of as many dimensions as 320 chunks get begin.
func vectorsBegin(t *testing.T) string {
	t.Helper()
	encoded, err := vector.Encode(80, nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded[:8])
}

func without(t *testing.T, where string, data []byte) {
	t.Helper()
	text := string(data)
	for _, form := range []string{"canary", topicWord(0, 0), vectorsBegin(t)} {
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
				c.pg.Exec(t, "begin; set local session_replication_role = replica; "+swap.sql+"; commit")
				again := c.start(t, "runtime-1")
				defer again.stop()
				r := again.ask(t, w, swap.method, swap.path, swap.body)
				noticed := r.code() == "internal_error" || r.code() == "database_rolled_back"
				if !noticed || strings.Contains(string(r.body), "globex") {
					t.Errorf("got %d %s", r.status, r.body)
				}
			})
			again := c.start(t, "runtime-2")
			defer again.stop()
			expect(t, again.ask(t, w, swap.method, swap.path, swap.body), 200, "")
		})
	}
}

// ask is a request.
type ask struct{ method, path, body string }

// keepingRows puts the rows back as they were, but for the audit log's.
func (c *cell) keepingRows(t *testing.T, during func()) {
	t.Helper()
	c.pg.Exec(t, `create table public.keep_document as table bulkhead.document; create table public.keep_blob as table bulkhead.blob;
		create table public.keep_head as table bulkhead.tenant_head`)
	defer c.pg.Exec(t, `begin; set local session_replication_role = replica;
		delete from bulkhead.document; insert into bulkhead.document table public.keep_document;
		delete from bulkhead.blob; insert into bulkhead.blob table public.keep_blob;
		update bulkhead.tenant_head h set generation = k.generation, manifest = k.manifest, manifest_dek = k.manifest_dek
			from public.keep_head k where h.tenant_id = k.tenant_id;
		drop table public.keep_document, public.keep_blob, public.keep_head; commit`)
	during()
}
