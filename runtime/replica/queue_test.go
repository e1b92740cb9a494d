package replica_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes/fake"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

type uploadJSON struct {
	docJSON
	Status    string
	LastError *struct{ Code, Message string } `json:"last_error"`
}

// queueFile sends a file to be read later.
func (n *node) queueFile(t *testing.T, w *tenant, name, contentType, data string) response {
	t.Helper()
	return n.putFile(t, w, name, contentType, []byte(data), "Prefer", "handling=lenient, respond-async; wait=1")
}

// ends waits until a document's newest upload is through.
func (n *node) ends(t *testing.T, w *tenant, name string) (doc uploadJSON) {
	t.Helper()
	wait(t, name+" is in progress", func() error {
		doc = uploadJSON{}
		expect(t, n.ask(t, w, "GET", "/v1/documents/"+name, ""), 200, "").into(t, &doc)
		if doc.Status == "in_progress" {
			return fmt.Errorf("%+v", doc)
		}
		return nil
	})
	return doc
}

// listed are the documents of a status.
func (n *node) listed(t *testing.T, w *tenant, status string) []uploadJSON {
	t.Helper()
	var list struct{ Data []uploadJSON }
	expect(t, n.ask(t, w, "GET", "/v1/documents?status="+status, ""), 200, "").into(t, &list)
	return list.Data
}

// waiting counts rows of the queue.
func (c *cell) waiting(t *testing.T, where string) (n int) {
	t.Helper()
	c.pg.Scan(t, []any{&n}, "select count(*) from bulkhead.job where "+where)
	return n
}

// count compares the number of rows of the queue.
func (c *cell) count(t *testing.T, where string, want int) error {
	if n := c.waiting(t, where); n != want {
		return fmt.Errorf("%d jobs are %s, want %d", n, where, want)
	}
	return nil
}

// hold takes a lock, which others wait for until it is released.
func (c *cell) hold(t *testing.T, lock string) (release func()) {
	t.Helper()
	conn := c.pg.Superuser(t)
	for _, sql := range []string{"begin", lock} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		if _, err := conn.Exec(t.Context(), "commit"); err != nil {
			t.Error(err)
		}
	}
}

// waited waits until somebody waits for a table, or for the transaction that has one of its rows.
func (c *cell) waited(t *testing.T, table string) {
	t.Helper()
	wait(t, "nobody waits for "+table, func() error {
		waiting := 0
		c.pg.Scan(t, []any{&waiting}, "select count(*) from pg_locks where (relation = '"+table+"'::regclass or locktype = 'transactionid') and not granted")
		if waiting == 0 {
			return errors.New("it is free")
		}
		return nil
	})
}

// idle starts a replica that queues and does not work.
func (c *cell) idle(t *testing.T, pod string) *node {
	t.Helper()
	workers := c.queue.Workers
	defer func() { c.queue.Workers = workers }()
	c.queue.Workers = 0
	return c.start(t, pod)
}

func TestQueuedUpload(t *testing.T) {
	c := newCell(t)
	acme, globex := c.tenant(t, "acme"), c.tenant(t, "globex")
	idle := c.idle(t, "runtime-0")
	page := "<title>Harbour</title><p>The crane lifts timber."
	var doc uploadJSON
	r := expect(t, idle.queueFile(t, acme, "page.html", typeHTML, page), 202, "")
	r.into(t, &doc)
	if doc.Status != "in_progress" || doc.MediaType != typeHTML || doc.ExternalID != "page.html" ||
		r.header.Get("Location") != "/v1/documents/"+doc.ID || r.header.Get("Preference-Applied") != "respond-async" {
		t.Errorf("%+v, %v", doc, r.header)
	}
	var again uploadJSON
	expect(t, idle.queueFile(t, acme, "page.html", typeHTML, page), 202, "").into(t, &again)
	if again.ID != doc.ID || c.waiting(t, "true") != 1 {
		t.Errorf("the same file was queued again: %+v", again)
	}
	expect(t, idle.ask(t, globex, "GET", "/v1/documents/"+doc.ID, ""), 404, "document_not_found")
	expect(t, idle.ask(t, globex, "DELETE", "/v1/documents/"+doc.ID, ""), 404, "document_not_found")
	expect(t, idle.ask(t, acme, "GET", "/v1/documents/page.html/content", ""), 404, "document_not_found")

	if got := idle.listed(t, acme, "in_progress"); len(got) != 1 || got[0].ExternalID != "page.html" {
		t.Errorf("in progress: %+v", got)
	}

	n := c.start(t, "runtime-1")
	done := n.ends(t, acme, doc.ID)
	if done.Status != "completed" || done.ID != doc.ID || done.Title != "Harbour" || done.LastError != nil {
		t.Errorf("%+v", done)
	}
	var found struct{ Data []passageJSON }
	expect(t, idle.ask(t, acme, "POST", "/v1/retrieve", `{"query":"timber"}`), 200, "").into(t, &found)
	if len(found.Data) != 1 || found.Data[0].DocumentID != doc.ID {
		t.Fatalf("found %+v", found.Data)
	}
	n.checkSpan(t, acme, found.Data[0], n.stored(t, acme, "page.html"))
	for _, r := range []response{n.queueFile(t, acme, "page.html", typeHTML, page), n.putFile(t, acme, "page.html", typeHTML, []byte(page))} {
		expect(t, r, 200, "").into(t, &again)
		if again.Status != "completed" || again.ID != doc.ID {
			t.Errorf("%+v", again)
		}
	}
	if c.waiting(t, "true") != 0 {
		t.Error("the job is still there")
	}
	c.audited(t, "document.put.change", "lane = 0", 1)
	c.audited(t, "document.ingest.change", "lane = 0", 1)
}

// TestStateOfAFile: a document in the queue is a file that says how far it is, and why it
// could not be read.
func TestStateOfAFile(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	idle := c.idle(t, "runtime-0")
	ids := map[string]string{}
	is := func(name, status, details string) {
		t.Helper()
		var f fileJSON
		expect(t, idle.ask(t, acme, "GET", "/v1/files/"+ids[name], ""), 200, "").into(t, &f)
		if f.ID != ids[name] || f.Filename != name || f.Status != status || f.Details != details {
			t.Errorf("%+v is not %s %q", f, status, details)
		}
	}
	for name, media := range map[string]string{"page.html": typeHTML, "damaged.pdf": typePDF} {
		var doc uploadJSON
		expect(t, idle.queueFile(t, acme, name, media, "<title>Harbour</title><p>The crane lifts timber."), 202, "").into(t, &doc)
		ids[name] = "file-" + doc.ID
		is(name, "uploaded", "")
	}
	n := c.start(t, "runtime-1")
	n.ends(t, acme, "page.html")
	is("page.html", "processed", "")
	is("damaged.pdf", "error", n.ends(t, acme, "damaged.pdf").LastError.Message)
	var whole docJSON
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/damaged.pdf", "The crane lifts coal."), 201, "").into(t, &whole)
	ids["damaged.pdf"] = "file-" + whole.ID
	is("damaged.pdf", "processed", "")
}

// A file that can not be read leaves what there was before, and says why.
func TestQueuedUploadFails(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	expect(t, n.queueFile(t, acme, "a", typePDF, "no PDF"), 202, "")
	doc := n.ends(t, acme, "a")
	if doc.Status != "failed" || doc.LastError == nil || doc.LastError.Code != "document_malformed" || !strings.Contains(doc.LastError.Message, "save it anew") {
		t.Errorf("%+v", doc)
	}
	if got := n.listed(t, acme, "failed"); len(got) != 1 || got[0].LastError == nil || len(n.listed(t, acme, "completed")) != 0 {
		t.Errorf("failed: %+v", got)
	}
	expect(t, n.queueFile(t, acme, "a", typeHTML, "<p>good"), 202, "")
	if doc := n.ends(t, acme, "a"); doc.Status != "completed" || doc.LastError != nil {
		t.Errorf("%+v", doc)
	}
	expect(t, n.queueFile(t, acme, "a", typePDF, "no PDF"), 202, "")
	if doc := n.ends(t, acme, "a"); doc.Status != "failed" || n.stored(t, acme, "a") != "good" {
		t.Errorf("%+v", doc)
	}
	expect(t, n.ask(t, acme, "DELETE", "/v1/documents/a", ""), 204, "")
	expect(t, n.ask(t, acme, "GET", "/v1/documents/a", ""), 404, "document_not_found")
	if n := c.waiting(t, "kind = 'ingest'"); n != 0 {
		t.Errorf("%d jobs are left", n)
	}
}

// A file that fails for no reason of its own is tried again, and not for ever.
func TestQueuedUploadIsTriedAgain(t *testing.T) {
	c := newCell(t)
	c.queue.Retry = 300 * time.Millisecond
	acme := c.tenant(t, "acme")
	idle := c.idle(t, "runtime-0")
	for _, name := range []string{"mended", "lost"} {
		expect(t, idle.queueFile(t, acme, name, typeHTML, "<p>x"), 202, "")
	}
	flip := "begin; set local session_replication_role = replica; update bulkhead.blob set ct = set_byte(ct, 20, get_byte(ct, 20) # 1) where kind = 'src' and block_no = 1%s; commit"
	c.pg.Exec(t, fmt.Sprintf(flip, ""))
	n := c.start(t, "runtime-1")
	wait(t, "not tried", func() error { return c.count(t, "attempts >= 2", 2) })
	c.pg.Exec(t, fmt.Sprintf(flip, " and object_id = (select src_id from bulkhead.upload order by created_at limit 1)"))
	if doc := n.ends(t, acme, "mended"); doc.Status != "completed" {
		t.Errorf("%+v", doc)
	}
	if doc := n.ends(t, acme, "lost"); doc.Status != "failed" || doc.LastError == nil || doc.LastError.Code != "internal_error" {
		t.Errorf("%+v", doc)
	}
	if err := c.count(t, "attempts = 5 and code = 'internal_error'", 1); err != nil {
		t.Error(err)
	}
}

// What is sent last is what there is in the end, and what is deleted stays away.
func TestLastUploadWins(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	idle := c.idle(t, "runtime-0")
	for _, name := range []string{"a", "b", "c"} {
		expect(t, idle.queueFile(t, acme, name, typeHTML, "<p>first"), 202, "")
	}
	expect(t, idle.putFile(t, acme, "a", typeHTML, []byte("<p>second")), 201, "")
	expect(t, idle.queueFile(t, acme, "b", typeHTML, "<p>second"), 202, "")
	expect(t, idle.ask(t, acme, "DELETE", "/v1/documents/c", ""), 204, "")
	if n := c.waiting(t, "true"); n != 1 {
		t.Errorf("%d jobs", n)
	}
	n := c.start(t, "runtime-1")
	for _, name := range []string{"a", "b"} {
		if doc := n.ends(t, acme, name); doc.Status != "completed" || n.stored(t, acme, name) != "second" {
			t.Errorf("%s: %+v %q", name, doc, n.stored(t, acme, name))
		}
	}
	expect(t, n.ask(t, acme, "GET", "/v1/documents/c", ""), 404, "document_not_found")
}

func TestQueueIsBounded(t *testing.T) {
	c := newCell(t)
	c.queue.Length = 2
	acme, globex := c.tenant(t, "acme"), c.tenant(t, "globex")
	few := c.tenant(t, "few", func(b *binding.Binding) { b.Limits.Documents, b.Limits.StorageBytes = 2, 20 })
	n := c.idle(t, "runtime-0")
	for _, name := range []string{"a", "b"} {
		expect(t, n.queueFile(t, acme, name, typeHTML, "<p>x"), 202, "")
	}
	if r := expect(t, n.queueFile(t, acme, "c", typeHTML, "<p>x"), 429, "queue_full"); r.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	expect(t, n.queueFile(t, acme, "b", typeHTML, "<p>y"), 202, "")
	expect(t, n.queueFile(t, globex, "c", typeHTML, "<p>x"), 202, "")

	expect(t, n.ask(t, few, "PUT", "/v1/documents/a", "x"), 201, "")
	expect(t, n.queueFile(t, few, "b", typeHTML, "<p>"+strings.Repeat("x", 20)), 403, "quota_exceeded")
	expect(t, n.queueFile(t, few, "b", typeHTML, "<p>x"), 202, "")
	expect(t, n.queueFile(t, few, "c", typeHTML, "<p>x"), 403, "quota_exceeded")
	expect(t, n.queueFile(t, few, "a", typeHTML, "<p>x"), 202, "")
}

// Two hundred files of one tenant do not keep another's single one waiting.
func TestLongQueueDelaysNobodyElse(t *testing.T) {
	c := newCell(t)
	c.queue.Workers = 1
	loud, quiet := c.tenant(t, "loud", func(b *binding.Binding) { b.Limits.ConcurrentIngests = 16 }), c.tenant(t, "quiet")
	idle := c.idle(t, "runtime-0")
	for i := range 200 {
		expect(t, idle.queueFile(t, loud, fmt.Sprint(i), "text/plain", fmt.Sprint("text ", i)), 202, "")
	}
	expect(t, idle.queueFile(t, quiet, "a", "text/plain", "text"), 202, "")
	n := c.start(t, "runtime-1")
	n.ends(t, quiet, "a")
	var before int
	err := c.pg.Superuser(t).QueryRow(t.Context(), `select count(*) from bulkhead.document d, bulkhead.document q
		where d.tenant_id = $1 and q.tenant_id = $2 and d.updated_at < q.updated_at`, loud.Tenant.ID, quiet.Tenant.ID).Scan(&before)
	if err != nil || before > 1 {
		t.Errorf("%d files of the loud tenant came before, %v", before, err)
	}
	wait(t, "queue", func() error { return c.count(t, "true", 0) })
}

// A tenant whose files take long has all workers but one, and never the last.
func TestHungModelDelaysNobodyElse(t *testing.T) {
	c := newCell(t)
	api, _ := hung(t)
	model := &embedder{llm: api}
	loud, quiet := c.tenant(t, "loud", model.embeds("hung")), c.tenant(t, "quiet")
	n := c.start(t, "runtime-0")
	for i := range 5 {
		expect(t, n.queueFile(t, loud, fmt.Sprint(i), "text/plain", "text"), 202, "")
	}
	wait(t, "the hung file", func() error { return c.count(t, "lease is not null", 1) })
	for i := range 5 {
		name := fmt.Sprint(i)
		expect(t, n.queueFile(t, quiet, name, "text/plain", "text"), 202, "")
		if doc := n.ends(t, quiet, name); doc.Status != "completed" {
			t.Errorf("%+v", doc)
		}
	}
	if err := c.count(t, "tenant_id = '"+loud.Tenant.ID.String()+"'", 5); err != nil {
		t.Error(err)
	}
}

// A replica that does not serve a tenant leaves its files to those that do, as soon as ever.
func TestReplicaLeavesTheJobsOfTenantsItDoesNotKnow(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	idle := c.idle(t, "runtime-0")
	for i := range 3 {
		expect(t, idle.queueFile(t, acme, fmt.Sprint(i), "text/plain", "text"), 202, "")
	}
	knows := c.kube
	c.kube, c.queue.Retry = fake.NewClientset(), time.Minute
	c.tenant(t, "other")
	ignorant := c.start(t, "runtime-1")
	wait(t, "no attempt", func() error {
		return ignorant.measures(`bulkhead_ingest_attempts_total{kind="ingest",result="put_off"} 1`)
	})
	wait(t, "the queue", func() error { return c.count(t, "lease is null and run_at <= now() and attempts = 0", 3) })
	c.kube = knows
	n := c.start(t, "runtime-2")
	for i := range 3 {
		if doc := n.ends(t, acme, fmt.Sprint(i)); doc.Status != "completed" {
			t.Errorf("%+v", doc)
		}
	}
}

// What keeps a tenant from being worked for keeps its files waiting, and counts as
// no attempt.
func TestQueueWaitsForItsTenant(t *testing.T) {
	hindrances := map[string]struct {
		begin, end func(*testing.T, *cell, *tenant)
	}{
		"fence": {
			func(t *testing.T, c *cell, _ *tenant) { c.pg.Exec(t, "update bulkhead.fence set state = 'fenced'") },
			func(t *testing.T, c *cell, _ *tenant) { c.pg.Exec(t, "update bulkhead.fence set state = 'open'") },
		},
		"containment": {
			func(t *testing.T, _ *cell, w *tenant) {
				w.edit(t, func(b *binding.Binding) { b.Containment = binding.ReadOnly })
			},
			func(t *testing.T, _ *cell, w *tenant) {
				w.edit(t, func(b *binding.Binding) { b.Containment = binding.ContainmentNone })
			},
		},
	}
	for name, hindrance := range hindrances {
		t.Run(name, func(t *testing.T) {
			c := newCell(t)
			acme := c.tenant(t, "acme")
			idle := c.idle(t, "runtime-0")
			expect(t, idle.queueFile(t, acme, "a", typeHTML, "<p>x"), 202, "")
			hindrance.begin(t, c, acme)
			n := c.start(t, "runtime-1")
			time.Sleep(time.Second)
			if c.waiting(t, "code is null and attempts <= 1") != 1 {
				t.Error("the file does not wait")
			}
			hindrance.end(t, c, acme)
			if doc := n.ends(t, acme, "a"); doc.Status != "completed" {
				t.Errorf("%+v", doc)
			}
		})
	}
}

func TestQueueOfADedicatedDatabase(t *testing.T) {
	c := newCell(t)
	own := c.dedicate(t)
	own.Migrate(t)
	globex := c.tenant(t, "globex", in(own.Database(t)))
	n := c.start(t, "runtime-0")
	expect(t, n.queueFile(t, globex, "a", typeHTML, "<p>x"), 202, "")
	if doc := n.ends(t, globex, "a"); doc.Status != "completed" {
		t.Errorf("%+v", doc)
	}
}

// A replica that is told to end gives its work back, so that nobody waits for a lease.
func TestLeavingReplicaGivesItsJobsBack(t *testing.T) {
	c := newCell(t)
	c.queue.Lease = time.Hour
	acme := c.tenant(t, "acme")
	expect(t, c.idle(t, "runtime-0").queueFile(t, acme, "a", typeHTML, "<p>x"), 202, "")
	release := c.hold(t, "select from bulkhead.tenant_head for update")
	n := c.start(t, "runtime-1")
	wait(t, "nobody works", func() error { return c.count(t, "lease is not null", 1) })
	n.stop()
	release()
	again := c.start(t, "runtime-2")
	if doc := again.ends(t, acme, "a"); doc.Status != "completed" {
		t.Errorf("%+v", doc)
	}
}

func TestQueueHoldsNoPlaintext(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.idle(t, "runtime-0")
	expect(t, n.queueFile(t, acme, "canaryname", typeHTML, "<title>canarytitle</title><p>canarytext"), 202, "")
	var all bytes.Buffer
	for _, table := range []string{"job", "upload", "blob"} {
		var rows string
		if err := c.pg.Superuser(t).QueryRow(t.Context(), "select string_agg(t::text, ' ') from bulkhead."+table+" t").Scan(&rows); err != nil {
			t.Fatal(err)
		}
		all.WriteString(rows)
	}
	without(t, "queue", all.Bytes())
	without(t, "log", []byte(c.log.String()))
}
