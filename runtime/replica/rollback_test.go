package replica_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/runtime/anchor"
)

// Whoever puts the whole database back to an older state, heads and manifests
// included, is found out: by a replica that ran meanwhile, and by one that did not.
func TestRollbackOfTheDatabaseIsFoundOut(t *testing.T) {
	c := newCell(t)
	acme, globex := c.tenant(t, "acme"), c.tenant(t, "globex")
	n := c.start(t, "runtime-0")
	for _, w := range []*tenant{acme, globex} {
		expect(t, n.ask(t, w, "PUT", "/v1/documents/one", "one secret"), 201, "")
	}
	c.keepingRows(t, func() {
		expect(t, n.ask(t, acme, "PUT", "/v1/documents/two", "two secret"), 201, "")
		expect(t, n.ask(t, acme, "DELETE", "/v1/documents/one", ""), 204, "")
	})
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/three", "three"), 503, "database_rolled_back")
	n.stop()

	again := c.start(t, "runtime-1")
	expect(t, again.ask(t, acme, "POST", "/v1/retrieve", found("secret")), 503, "database_rolled_back")
	expect(t, again.ask(t, acme, "DELETE", "/v1/documents/one", ""), 503, "database_rolled_back")
	expect(t, again.ask(t, globex, "POST", "/v1/retrieve", found("secret")), 200, "")
	again.stop()

	// Somebody accepts what the database has.
	if err := c.kube.CoreV1().ConfigMaps(namespace).Delete(t.Context(), anchor.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	again = c.start(t, "runtime-2")
	expect(t, again.ask(t, acme, "POST", "/v1/retrieve", found("secret")), 200, "")
}
