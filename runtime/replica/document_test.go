package replica_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
)

const refunds = `# Refunds

A customer may return goods within 14 days of delivery. The refund is paid within 5 working days.

## Exceptions

Opened software can not be returned.
`

type docJSON struct {
	ID         string `json:"id"`
	ExternalID string `json:"external_id"`
	Title      string `json:"title"`
	MediaType  string `json:"media_type"`
	Bytes      int    `json:"bytes"`
}

type passageJSON struct {
	DocumentID string `json:"document_id"`
	ExternalID string `json:"external_id"`
	Start, End int
	Text       string
}

type answerJSON struct {
	Answer    string
	Found     bool
	Citations []passageJSON
}

func TestDocumentLifecycle(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")

	var doc docJSON
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/policies%2Frefunds.md", refunds), 201, "").into(t, &doc)
	if doc.ExternalID != "policies/refunds.md" || doc.Title != "Refunds" || doc.MediaType != "text/markdown" || doc.Bytes != len(refunds) {
		t.Errorf("document: %+v", doc)
	}
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/policies%2Frefunds.md", refunds), 200, "")

	for _, ref := range []string{doc.ID, "policies%2Frefunds.md"} {
		var got docJSON
		expect(t, n.ask(t, acme, "GET", "/v1/documents/"+ref, ""), 200, "").into(t, &got)
		if got != doc {
			t.Errorf("got %+v, want %+v", got, doc)
		}
		if r := expect(t, n.ask(t, acme, "GET", "/v1/documents/"+ref+"/content", ""), 200, ""); string(r.body) != refunds {
			t.Errorf("content: %q", r.body)
		}
	}

	var found struct{ Data []passageJSON }
	expect(t, n.ask(t, acme, "POST", "/v1/retrieve", `{"query":"return goods","top_k":3}`), 200, "").into(t, &found)
	if len(found.Data) == 0 {
		t.Fatal("nothing was retrieved")
	}
	for _, p := range found.Data {
		n.checkSpan(t, acme, p, refunds)
	}

	var said answerJSON
	expect(t, n.ask(t, acme, "POST", "/v1/answer", `{"query":"When is a refund paid?"}`), 200, "").into(t, &said)
	if !said.Found || len(said.Citations) == 0 {
		t.Fatalf("no answer: %+v", said)
	}
	for _, p := range said.Citations {
		n.checkSpan(t, acme, p, refunds)
	}

	expect(t, n.ask(t, acme, "DELETE", "/v1/documents/"+doc.ID, ""), 204, "")
	expect(t, n.ask(t, acme, "DELETE", "/v1/documents/"+doc.ID, ""), 404, "document_not_found")
	expect(t, n.ask(t, acme, "GET", "/v1/documents/"+doc.ID, ""), 404, "document_not_found")
	expect(t, n.ask(t, acme, "POST", "/v1/retrieve", `{"query":"return goods"}`), 200, "").into(t, &found)
	if len(found.Data) != 0 {
		t.Errorf("a deleted document was found: %+v", found.Data)
	}
	expect(t, n.ask(t, acme, "POST", "/v1/answer", `{"query":"When is a refund paid?"}`), 200, "").into(t, &said)
	if said.Found || said.Answer != "" {
		t.Errorf("a deleted document answered: %+v", said)
	}
}

// checkSpan holds a passage against the text and against what the API gives
// for its span.
func (n *node) checkSpan(t *testing.T, w *tenant, p passageJSON, text string) {
	t.Helper()
	if p.Start < 0 || p.End > len(text) || text[p.Start:p.End] != p.Text {
		t.Errorf("span %d-%d is not %q", p.Start, p.End, p.Text)
	}
	r := expect(t, n.ask(t, w, "GET", fmt.Sprintf("/v1/documents/%s/content?start=%d&end=%d", p.DocumentID, p.Start, p.End), ""), 200, "")
	if string(r.body) != p.Text {
		t.Errorf("the API gives %q for the span of %q", r.body, p.Text)
	}
}

func TestReplacedDocumentKeepsItsIDAndLosesItsText(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	var first, second docJSON
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", "The zebra sleeps."), 201, "").into(t, &first)
	expect(t, n.ask(t, acme, "POST", "/v1/retrieve", `{"query":"zebra"}`), 200, "")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a?title=Cats", "The lion sleeps."), 200, "").into(t, &second)
	if first.ID != second.ID || second.Title != "Cats" {
		t.Errorf("%+v became %+v", first, second)
	}
	for query, want := range map[string]int{"zebra": 0, "lion": 1, "cats": 1} {
		var found struct{ Data []passageJSON }
		expect(t, n.ask(t, acme, "POST", "/v1/retrieve", `{"query":"`+query+`"}`), 200, "").into(t, &found)
		if len(found.Data) != want {
			t.Errorf("%s: %d passages, want %d", query, len(found.Data), want)
		}
	}
}

func TestListPages(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	for i := range 5 {
		expect(t, n.ask(t, acme, "PUT", fmt.Sprintf("/v1/documents/d%d", i), fmt.Sprintf("text %d", i)), 201, "")
	}
	var names []string
	for after, more := "", true; more; {
		var page struct {
			Data    []docJSON
			HasMore bool   `json:"has_more"`
			LastID  string `json:"last_id"`
		}
		expect(t, n.ask(t, acme, "GET", "/v1/documents?limit=2&after="+url.QueryEscape(after), ""), 200, "").into(t, &page)
		for _, d := range page.Data {
			names = append(names, d.ExternalID)
		}
		after, more = page.LastID, page.HasMore
	}
	if fmt.Sprint(names) != "[d0 d1 d2 d3 d4]" {
		t.Errorf("listed %v", names)
	}
}

func TestWriteOnOneReplicaIsSeenByTheOther(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	a, b := c.start(t, "runtime-0"), c.start(t, "runtime-1")
	for i := range 20 {
		word := fmt.Sprintf("canary%dword", i)
		expect(t, a.ask(t, acme, "PUT", "/v1/documents/d", "It says "+word+"."), http.StatusCreated-min(i, 1), "")
		var found struct{ Data []passageJSON }
		expect(t, b.ask(t, acme, "POST", "/v1/retrieve", `{"query":"`+word+`"}`), 200, "").into(t, &found)
		if len(found.Data) != 1 {
			t.Fatalf("write %d is not seen by the other replica", i)
		}
	}
	expect(t, a.ask(t, acme, "DELETE", "/v1/documents/d", ""), 204, "")
	var found struct{ Data []passageJSON }
	expect(t, b.ask(t, acme, "POST", "/v1/retrieve", `{"query":"says"}`), 200, "").into(t, &found)
	if len(found.Data) != 0 {
		t.Error("the other replica finds a deleted document")
	}
}

// What a sentence is about may stand in the document's title only.
func TestAnswerHearsTheTitle(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a?title=Harbour+festival", "It begins on the third of May."), 201, "")
	var said answerJSON
	expect(t, n.ask(t, acme, "POST", "/v1/answer", `{"query":"When is the harbour festival?"}`), 200, "").into(t, &said)
	if said.Answer != "It begins on the third of May." {
		t.Errorf("answers %q", said.Answer)
	}
}
