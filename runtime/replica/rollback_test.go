package replica_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

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
}

// A restore is granted as README says, while a replica runs: those that start then accept
// it, and the one that knows what was before neither does, nor keeps them from it when it
// ends. Who was granted none stays refused.
func TestRestoreIsGranted(t *testing.T) {
	c := newCell(t)
	acme, globex := c.tenant(t, "acme"), c.tenant(t, "globex")
	first := c.start(t, "runtime-0")
	for _, w := range []*tenant{acme, globex} {
		expect(t, first.ask(t, w, "PUT", "/v1/documents/one", "one secret"), 201, "")
	}
	var runs *node
	c.keepingRows(t, func() {
		for _, w := range []*tenant{acme, globex} {
			expect(t, first.ask(t, w, "PUT", "/v1/documents/two", "two secret"), 201, "")
		}
		first.stop()
		runs = c.start(t, "runtime-1")
	})
	patch := []byte(`{"data":{"` + acme.Tenant.ID.String() + `":null}}`)
	if _, err := c.kube.CoreV1().ConfigMaps(namespace).Patch(t.Context(), anchor.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	runs.becomes(t, c.tenant(t, "initech"), "PUT", "/v1/documents/one", "one secret", 201, "") // so that it anchors something
	expect(t, runs.ask(t, acme, "DELETE", "/v1/documents/one", ""), 503, "database_rolled_back")
	runs.stop()
	for _, pod := range []string{"runtime-2", "runtime-3"} {
		n := c.start(t, pod)
		expect(t, n.ask(t, globex, "POST", "/v1/retrieve", found("secret")), 503, "database_rolled_back")
		r := expect(t, n.ask(t, acme, "POST", "/v1/retrieve", found("secret")), 200, "")
		if text := string(r.body); !strings.Contains(text, "one secret") || strings.Contains(text, "two secret") {
			t.Errorf("found %s", text)
		}
		expect(t, n.ask(t, acme, "PUT", "/v1/documents/"+pod, "another"), 201, "")
		n.stop()
	}
}
