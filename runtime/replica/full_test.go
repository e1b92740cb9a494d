package replica_test

import (
	"fmt"
	"testing"
)

// An index that is too large to be merged takes uploads until it has as many segments as
// it may; then they are refused, and go on when there is room again.
func TestUploadsAreRefusedWhileAnIndexIsFull(t *testing.T) {
	c := newCell(t)
	c.index = 50_000
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	for _, document := range []string{"a", "b"} {
		expect(t, n.ask(t, acme, "PUT", "/v1/documents/"+document, manyWords()), 201, "")
	}
	const most = 64
	for i := range most - 2 {
		expect(t, n.ask(t, acme, "PUT", fmt.Sprint("/v1/documents/", i), "text"), 201, "")
	}
	for range 2 {
		expect(t, n.ask(t, acme, "PUT", "/v1/documents/more", "text"), 503, "index_too_large")
	}
	expect(t, n.queueFile(t, acme, "later", "text/plain", "text"), 202, "")
	if got := n.ends(t, acme, "later"); got.Status != "failed" || got.LastError == nil || got.LastError.Code != "index_too_large" {
		t.Errorf("%+v", got)
	}
	if got, _ := acme.segments(t, c); got != most {
		t.Errorf("%d segments", got)
	}
	expect(t, n.ask(t, acme, "DELETE", "/v1/documents/b", ""), 204, "")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/more", "text"), 201, "")
	expect(t, n.ask(t, acme, "POST", "/v1/retrieve", retrieveX), 200, "")
}
