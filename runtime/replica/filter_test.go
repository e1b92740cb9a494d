package replica_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// putWith uploads Markdown with attributes.
func (n *node) putWith(t *testing.T, w *tenant, ref, text, attributes string) response {
	t.Helper()
	return n.send(t, "PUT", "/v1/documents/"+ref, strings.NewReader(text), map[string]string{
		"Authorization": "Bearer " + w.key, "Content-Type": "text/markdown", "Bulkhead-Attributes": attributes,
	})
}

// TestFilters: documents are chosen by the attributes that they were uploaded with,
// also when another replica has the index and after their segments were merged.
func TestFilters(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n, other := c.start(t, "runtime-0"), c.start(t, "runtime-1")
	for i := range 12 { // more than are in one tier
		attributes := fmt.Sprintf(`{"number":%d,"even":%t,"lang":"%s"}`, i, i%2 == 0, []string{"de", "en", "fr"}[i%3])
		expect(t, n.putWith(t, acme, fmt.Sprintf("d%d", i), fmt.Sprintf("The kestrel number %d hovers.", i), attributes), 201, "")
	}
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/none", "The kestrel hovers."), 201, "")
	for filters, want := range map[string]string{
		`null`: "d0 d1 d10 d11 d2 d3 d4 d5 d6 d7 d8 d9 none",
		`{"type":"eq","key":"lang","value":"de"}`:   "d0 d3 d6 d9",
		`{"type":"gte","key":"number","value":10}`:  "d10 d11",
		`{"type":"ne","key":"even","value":true}`:   "d1 d11 d3 d5 d7 d9 none",
		`{"type":"in","key":"number","value":[99]}`: "",
		`{"type":"and","filters":[{"type":"eq","key":"even","value":true},{"type":"nin","key":"lang","value":["de","en"]}]}`: "d2 d8",
	} {
		for _, replica := range []*node{n, other} {
			var found struct{ Data []passageJSON }
			expect(t, replica.ask(t, acme, "POST", "/v1/retrieve", `{"query":"kestrel","top_k":100,"filters":`+filters+`}`), 200, "").into(t, &found)
			if got := names(found.Data); got != want {
				t.Errorf("%s finds %s, want %s", filters, got, want)
			}
		}
	}
	var said answerJSON
	expect(t, n.ask(t, acme, "POST", "/v1/answer", `{"query":"Which kestrel hovers?","filters":{"type":"eq","key":"number","value":7}}`), 200, "").into(t, &said)
	if said.Answer != "The kestrel number 7 hovers." {
		t.Errorf("answers %q", said.Answer)
	}
}

func names(passages []passageJSON) string {
	var all []string
	for _, p := range passages {
		all = append(all, p.ExternalID)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestAttributesAreReplacedWithTheDocument(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	type described struct{ Attributes map[string]any }
	for _, step := range []struct {
		attributes string
		status     int
		want       map[string]any
	}{
		{`{"lang":"de","year":2024,"draft":false}`, 201, map[string]any{"lang": "de", "year": 2024.0, "draft": false}},
		{`{"draft":false,"year":2024,"lang":"de"}`, 200, map[string]any{"lang": "de", "year": 2024.0, "draft": false}},
		{`{"lang":"fr"}`, 200, map[string]any{"lang": "fr"}},
		{"", 200, nil},
	} {
		var put, got, listed described
		expect(t, n.putWith(t, acme, "a", "The kestrel hovers.", step.attributes), step.status, "").into(t, &put)
		expect(t, n.ask(t, acme, "GET", "/v1/documents/a", ""), 200, "").into(t, &got)
		var page struct{ Data []described }
		expect(t, n.ask(t, acme, "GET", "/v1/documents", ""), 200, "").into(t, &page)
		var found struct{ Data []described }
		expect(t, n.ask(t, acme, "POST", "/v1/retrieve", `{"query":"kestrel"}`), 200, "").into(t, &found)
		listed = page.Data[0]
		for place, d := range map[string]described{"put": put, "get": got, "list": listed, "retrieve": found.Data[0]} {
			if diff := cmp.Diff(step.want, d.Attributes); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", step.attributes, place, diff)
			}
		}
	}
}

// TestPassagesOfOneDocument: at most three, unless more or less are asked for.
func TestPassagesOfOneDocument(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/long", strings.Repeat("# Section\n\nThe kestrel hovers.\n\n", 8)), 201, "")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/short", "The kestrel dives, and the heron waits for it to come back from the sea."), 201, "")
	for options, want := range map[string]string{
		``:                       "long long long short",
		`,"max_per_document":1`:  "long short",
		`,"max_per_document":5`:  "long long long long long short",
		`,"max_per_document":99`: "long long long long long long long long short",
	} {
		var found struct{ Data []passageJSON }
		expect(t, n.ask(t, acme, "POST", "/v1/retrieve", `{"query":"kestrel","top_k":20`+options+`}`), 200, "").into(t, &found)
		if got := names(found.Data); got != want {
			t.Errorf("%s finds %s, want %s", options, got, want)
		}
	}
}

func TestWrongFiltersAndAttributes(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	for body, want := range map[string]string{
		`{"query":"a","filters":{"type":"and","filters":[{"type":"gt","key":"a","value":true}]}}`: "filters.filters[0].value",
		`{"query":"a","filters":7}`:            "filters",
		`{"query":"a","max_per_document":0}`:   "max_per_document",
		`{"query":"a","max_per_document":101}`: "max_per_document",
	} {
		for _, path := range []string{"/v1/retrieve", "/v1/answer"} {
			if r := n.ask(t, acme, "POST", path, body); r.status != 400 || r.param(t) != want {
				t.Errorf("%s %s: %d %s", path, body, r.status, r.body)
			}
		}
	}
	for attributes, want := range map[string]string{`[]`: "Bulkhead-Attributes", `{"a":null}`: "Bulkhead-Attributes.a"} {
		if r := n.putWith(t, acme, "a", "text", attributes); r.status != 400 || r.code() != "invalid_attributes" || r.param(t) != want {
			t.Errorf("%s: %d %s", attributes, r.status, r.body)
		}
	}
}

// param is the parameter that an error is about.
func (r response) param(t *testing.T) string {
	t.Helper()
	var e struct{ Error struct{ Param string } }
	r.into(t, &e)
	return e.Error.Param
}
