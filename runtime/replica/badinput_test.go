package replica_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

func TestBadInput(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme", func(b *binding.Binding) { b.Limits.DocumentBytes = 1000 })
	n := c.start(t, "runtime-0")
	json, plain := "application/json", "text/plain"
	cases := map[string]struct {
		method, path, media, body string
		status                    int
		code, says                string
	}{
		"document over the limit": {"PUT", "/v1/documents/a", plain, strings.Repeat("x", 1001), 413, "document_too_large", "1000 bytes"},
		"invalid UTF-8":           {"PUT", "/v1/documents/a", plain, "good\xffbad", 400, "invalid_utf8", "byte 4"},
		"empty document":          {"PUT", "/v1/documents/a", plain, " \n", 400, "empty_document", ""},
		"other charset":           {"PUT", "/v1/documents/a", "text/plain; charset=iso-8859-1", "x", 415, "unsupported_media_type", "UTF-8"},
		"other type":              {"PUT", "/v1/documents/a", "image/png", "x", 415, "unsupported_media_type", "Markdown, HTML, PDF"},
		"damaged file":            {"PUT", "/v1/documents/a", "application/pdf", "x", 422, "document_malformed", "save it anew"},
		"file without text":       {"PUT", "/v1/documents/a", "text/html", "<img src=x>", 400, "empty_document", "text recognition"},
		"no type":                 {"PUT", "/v1/documents/a", "", "x", 415, "unsupported_media_type", ""},
		"name with control":       {"PUT", "/v1/documents/a%00b", plain, "x", 400, "invalid_external_id", ""},
		"name that reorders":      {"PUT", "/v1/documents/invoice%E2%80%AEfdp.exe", plain, "x", 400, "invalid_external_id", "printable"},
		"title that reorders":     {"PUT", "/v1/documents/a?title=a%E2%80%AEb", plain, "x", 400, "invalid_title", "printable"},
		"name too long":           {"PUT", "/v1/documents/" + strings.Repeat("n", 513), plain, "x", 400, "invalid_external_id", "512"},
		"title too long":          {"PUT", "/v1/documents/a?title=" + strings.Repeat("n", 513), plain, "x", 400, "invalid_title", ""},
		"unknown status":          {"GET", "/v1/documents?status=lost", "", "", 400, "invalid_status", "in_progress"},
		"unknown document":        {"GET", "/v1/documents/" + uuid.NewString(), "", "", 404, "document_not_found", "GET /v1/documents"},
		"unknown content":         {"GET", "/v1/documents/nothing/content", "", "", 404, "document_not_found", ""},
		"range backwards":         {"GET", "/v1/documents/there/content?start=3&end=1", "", "", 416, "range_not_satisfiable", ""},
		"range past the end":      {"GET", "/v1/documents/there/content?end=99999", "", "", 416, "range_not_satisfiable", ""},
		"range of letters":        {"GET", "/v1/documents/there/content?start=x", "", "", 400, "invalid_range", "start"},
		"limit":                   {"GET", "/v1/documents?limit=0", "", "", 400, "invalid_limit", "100"},
		"cursor":                  {"GET", "/v1/documents?after=x", "", "", 400, "invalid_cursor", "last_id"},
		"unknown field":           {"POST", "/v1/retrieve", json, `{"query":"x","topk":1}`, 400, "unknown_field", "topk"},
		"field of another type":   {"POST", "/v1/retrieve", json, `{"query":1}`, 400, "invalid_type", "query"},
		"field for many":          {"PATCH", "/v1/documents/there", json, `{"principals":"x"}`, 400, "invalid_type", `"principals must be a list."`},
		"field in a selection":    {"POST", "/v1/retrieve", json, `{"query":"x","max_per_document":"1"}`, 400, "invalid_type", `"max_per_document must be a whole number."`},
		"body of another type":    {"POST", "/v1/retrieve", json, `[]`, 400, "invalid_type", `"The body must be an object."`},
		"parameters in a list":    {"POST", chatPath, json, `[]`, 400, "invalid_type", `"The body must be an object."`},
		"no JSON":                 {"POST", "/v1/answer", json, `{`, 400, "invalid_json", ""},
		"two objects":             {"POST", "/v1/answer", json, `{"query":"x"} {}`, 400, "invalid_json", ""},
		"JSON as text":            {"POST", "/v1/answer", plain, `{"query":"x"}`, 415, "unsupported_media_type", "application/json"},
		"no query":                {"POST", "/v1/answer", json, `{}`, 400, "invalid_query", ""},
		"query too long":          {"POST", "/v1/answer", json, `{"query":"` + strings.Repeat("x", 8193) + `"}`, 400, "invalid_query", "8192"},
		"body too long":           {"POST", "/v1/answer", json, strings.Repeat(" ", 65<<10), 413, "body_too_large", ""},
		"top_k":                   {"POST", "/v1/retrieve", json, `{"query":"x","top_k":0}`, 400, "invalid_top_k", "100"},
		"unknown route":           {"GET", "/v1/nothing", "", "", 404, "unknown_route", ""},
		"unknown method":          {"POST", "/v1/documents", json, "{}", 404, "unknown_route", ""},
	}
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/there", "text"), 201, "")
	for name, bad := range cases {
		t.Run(name, func(t *testing.T) {
			header := map[string]string{"Authorization": "Bearer " + acme.key, "Content-Type": bad.media}
			r := expect(t, n.send(t, bad.method, bad.path, strings.NewReader(bad.body), header), bad.status, bad.code)
			if !strings.Contains(string(r.body), bad.says) {
				t.Errorf("the message does not say %q: %s", bad.says, r.body)
			}
		})
	}
	var page struct{ Data []docJSON }
	expect(t, n.ask(t, acme, "GET", "/v1/documents", ""), 200, "").into(t, &page)
	if len(page.Data) != 1 {
		t.Errorf("bad input left %d documents", len(page.Data)-1)
	}
}

// However much a Binding allows, a document is no larger than the sealed format
// carries.
func TestDocumentThatCannotBeSealed(t *testing.T) {
	c := newCell(t)
	c.uploads = 1 << 30
	acme := c.tenant(t, "acme", func(b *binding.Binding) { b.Limits.DocumentBytes = 1 << 30 })
	n := c.start(t, "runtime-0")
	r := n.send(t, "PUT", "/v1/documents/a", strings.NewReader(strings.Repeat("x", 64<<20+1)), map[string]string{
		"Authorization": "Bearer " + acme.key, "Content-Type": "text/plain", "Expect": "100-continue",
	})
	if expect(t, r, 413, "document_too_large"); !strings.Contains(string(r.body), "67108864 bytes") {
		t.Errorf("the message does not say how much: %s", r.body)
	}
}

// Whoever has no valid key learns nothing from the answer.
func TestUnauthenticatedAnswersAreAlike(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	stranger, _ := binding.NewKey(uuid.New(), "k1")
	forged, _ := binding.NewKey(acme.Tenant.ID, "k1")
	otherID, _ := binding.NewKey(acme.Tenant.ID, "k2")
	var first response
	for i, header := range []string{
		"", "Bearer ", "Basic " + acme.key, acme.key, "Bearer nonsense", "Bearer " + stranger,
		"Bearer " + forged, "Bearer " + otherID, "Bearer " + acme.key + "x",
	} {
		r := expect(t, n.send(t, "GET", "/v1/documents", nil, map[string]string{"Authorization": header}), 401, "invalid_api_key")
		if i == 0 {
			first = r
		}
		if string(r.body) != string(first.body) || len(r.header) != len(first.header) {
			t.Errorf("%q is answered in another way: %s %v", header, r.body, r.header)
		}
	}
}

func TestQuotas(t *testing.T) {
	c := newCell(t)
	few := c.tenant(t, "few", func(b *binding.Binding) { b.Limits.Documents = 2 })
	small := c.tenant(t, "small", func(b *binding.Binding) { b.Limits.StorageBytes = 10 })
	slow := c.tenant(t, "slow", func(b *binding.Binding) { b.Limits.RequestsPerMinute = 2 })
	n := c.start(t, "runtime-0")

	expect(t, n.ask(t, few, "PUT", "/v1/documents/a", "x"), 201, "")
	expect(t, n.ask(t, few, "PUT", "/v1/documents/b", "x"), 201, "")
	expect(t, n.ask(t, few, "PUT", "/v1/documents/c", "x"), 403, "quota_exceeded")
	expect(t, n.ask(t, few, "PUT", "/v1/documents/b", "y"), 200, "")
	expect(t, n.ask(t, few, "DELETE", "/v1/documents/a", ""), 204, "")
	expect(t, n.ask(t, few, "PUT", "/v1/documents/c", "x"), 201, "")

	expect(t, n.ask(t, small, "PUT", "/v1/documents/a", "1234567"), 201, "")
	expect(t, n.ask(t, small, "PUT", "/v1/documents/b", "1234"), 403, "quota_exceeded")
	expect(t, n.ask(t, small, "PUT", "/v1/documents/a", "1234567890"), 200, "")
	expect(t, n.ask(t, small, "PUT", "/v1/documents/a", "12345678901"), 403, "quota_exceeded")

	expect(t, n.ask(t, slow, "GET", "/v1/documents", ""), 200, "")
	r := expect(t, n.ask(t, slow, "GET", "/v1/documents", ""), 200, "")
	if r.header.Get("X-Ratelimit-Remaining-Requests") != "0" || r.header.Get("X-Ratelimit-Limit-Requests") != "2" {
		t.Errorf("headers: %v", r.header)
	}
	if r = expect(t, n.ask(t, slow, "GET", "/v1/documents", ""), 429, "rate_limit_exceeded"); r.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	expect(t, n.ask(t, few, "GET", "/v1/documents", ""), 200, "")
}

// Who is over a plan that was lowered can lead back to it, and take readers away.
func TestQuotaThatWasLowered(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	for _, name := range []string{"a", "b", "c"} {
		expect(t, n.ask(t, acme, "PUT", "/v1/documents/"+name, "1234567890"), 201, "")
	}
	acme.edit(t, func(b *binding.Binding) {
		b.Limits.Documents, b.Limits.StorageBytes, b.Limits.RequestsPerMinute = 2, 15, 99_999
	})
	wait(t, "the plan is as before", func() error {
		if now := n.ask(t, acme, "GET", "/v1/documents", "").header.Get("X-Ratelimit-Limit-Requests"); now != "99999" {
			return fmt.Errorf("%s requests a minute", now)
		}
		return nil
	})
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", "12345678901"), 403, "quota_exceeded")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/d", "1"), 403, "quota_exceeded")
	expect(t, n.queueFile(t, acme, "a", "text/plain", "12345678901"), 403, "quota_exceeded")

	expect(t, n.ask(t, acme, "PATCH", "/v1/documents/a", `{"principals":[]}`), 200, "")
	expect(t, n.ask(t, acme, "PATCH", "/v1/documents/a", `{"attributes":{"year":2024}}`), 200, "")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", "0987654321"), 200, "")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", "1234"), 200, "")
	expect(t, n.queueFile(t, acme, "b", "text/plain", "1234"), 202, "")
	if doc := n.ends(t, acme, "b"); doc.Status != "completed" || doc.Bytes != 4 {
		t.Errorf("%+v", doc)
	}
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", "12345"), 403, "quota_exceeded")
	expect(t, n.ask(t, acme, "DELETE", "/v1/documents/c", ""), 204, "")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", "12345"), 200, "")
}
