package cell

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/apply"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// TestNamespaceMadeMeanwhile: a namespace that was not there when the facts were
// read, and that somebody else made since, is not taken over.
func TestNamespaceMadeMeanwhile(t *testing.T) {
	foreign := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: desired.RuntimeNamespace("eu-1")}}
	api := fake.NewClientBuilder().WithScheme(scheme.Scheme).WithObjects(foreign).Build()
	c := &v1alpha1.Cell{ObjectMeta: metav1.ObjectMeta{Name: "eu-1", UID: "1"}, Spec: v1alpha1.CellSpec{Runtime: &v1alpha1.RuntimeSize{}}}
	set, err := desired.Cell(desired.CellInput{Cell: c})
	if err != nil {
		t.Fatal(err)
	}
	s := &Scope{
		Cell: c, Set: set, Facts: Facts{Namespaces: map[string]*corev1.Namespace{}},
		Applier: &apply.Applier{Client: api, Live: api, Owned: func(map[string]string) bool { return false }},
	}
	if outcome := (Namespaces{}).Reconcile(context.Background(), s); outcome.Ready() {
		t.Error("the namespace counts as the cell's")
	}
	if len(c.Status.Namespaces) != 0 {
		t.Errorf("recorded %v", c.Status.Namespaces)
	}
	if err := api.Get(context.Background(), client.ObjectKeyFromObject(foreign), foreign); err != nil {
		t.Fatal(err)
	}
	if len(foreign.Labels) != 0 {
		t.Errorf("labelled %v", foreign.Labels)
	}
}
