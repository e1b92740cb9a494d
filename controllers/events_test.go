package controllers

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/events"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/apply"
)

// TestEveryRepairIsTold: nothing need change on an owner between two repairs, so
// that only the object and the damage tell their Events apart.
func TestEveryRepairIsTold(t *testing.T) {
	server := fake.NewClientset()
	broadcaster := events.NewBroadcaster(&events.EventSinkImpl{Interface: server.EventsV1()})
	t.Cleanup(broadcaster.Shutdown)
	if err := broadcaster.StartRecordingToSinkWithContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	scheme, err := NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	recorder := Recorder{Events: broadcaster.NewRecorder(scheme, "test")}

	owner := &v1alpha1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "acme", UID: "1", ResourceVersion: "7"}}
	for _, repair := range []struct {
		kind   string
		damage apply.Damage
	}{{"Role", apply.Changed}, {"Role", apply.Deleted}, {"RoleBinding", apply.Changed}, {"Role", apply.Changed}} {
		recorder.repaired(owner, role(repair.kind), repair.damage)
		time.Sleep(time.Millisecond) // an Event is named by its time
	}
	want := []string{"Role cell/acme was changed", "Role cell/acme was deleted", "RoleBinding cell/acme was changed"}
	var told []string
	for deadline := time.Now().Add(10 * time.Second); len(told) < len(want) && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		told = notes(t, server)
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
}

func role(kind string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetAPIVersion("rbac.authorization.k8s.io/v1")
	object.SetKind(kind)
	object.SetNamespace("cell")
	object.SetName("acme")
	return object
}

// notes are what the Events say, up to who did it.
func notes(t *testing.T, server *fake.Clientset) []string {
	t.Helper()
	list, err := server.EventsV1().Events(metav1.NamespaceAll).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, e := range list.Items {
		what, _, _ := strings.Cut(e.Note, " by ")
		told = append(told, what)
	}
	slices.Sort(told)
	return told
}
