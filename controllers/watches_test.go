package controllers

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

func unplaced(reason string) *v1alpha1.Tenant {
	t := &v1alpha1.Tenant{}
	t.Name = reason
	t.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionPlaced, Status: metav1.ConditionFalse, Reason: reason}}
	return t
}

// TestWhoGoesWakesWhoWaited: a tenant that is stalled on what another has, and no
// other one, is woken when that one goes.
func TestWhoGoesWakesWhoWaited(t *testing.T) {
	placed, fresh := unplaced("placed"), &v1alpha1.Tenant{}
	placed.Status.Conditions[0].Status = metav1.ConditionTrue
	fresh.Name = "fresh"
	elsewhere := unplaced(v1alpha1.ReasonClusterInUse)
	elsewhere.Spec.Cluster = &v1alpha1.ClusterReference{}
	w := watching(t, unplaced(v1alpha1.ReasonIDInUse), unplaced(v1alpha1.ReasonNoCapacity), elsewhere,
		unplaced(v1alpha1.ReasonPlanNotFound), placed, fresh)
	gone := &v1alpha1.Tenant{Spec: v1alpha1.TenantSpec{Cluster: elsewhere.Spec.Cluster}}
	ownCell := &v1alpha1.Cell{Spec: v1alpha1.CellSpec{TenantID: "some", Cluster: elsewhere.Spec.Cluster}}
	for name, tell := range map[string]func(*wakes){
		"a tenant":        func(q *wakes) { w.tenantDeleted(context.Background(), deletion(gone), q) },
		"a tenant's cell": func(q *wakes) { w.cellDeleted(context.Background(), deletion(ownCell), q) },
	} {
		t.Run(name, func(t *testing.T) {
			got := &wakes{after: map[string]time.Duration{}}
			tell(got)
			want := []string{v1alpha1.ReasonClusterInUse, v1alpha1.ReasonIDInUse, v1alpha1.ReasonNoCapacity, "fresh"}
			if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got.after))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWhoGoesGivesBack: also what a tenant held that the operator never finalized.
func TestWhoGoesGivesBack(t *testing.T) {
	w, gone := watching(t), &v1alpha1.Tenant{}
	gone.Name = "gone"
	w.placements.Claim("id", gone.Name)
	w.tenantDeleted(context.Background(), deletion(gone), &wakes{after: map[string]time.Duration{}})
	if holder, ok := w.placements.Claim("id", "next"); !ok {
		t.Errorf("%s still holds it", holder)
	}
}

func deletion(object client.Object) event.DeleteEvent { return event.DeleteEvent{Object: object} }

// TestOldAcknowledgementsAreNoNews: what a new process finds acknowledged does not
// come before the tenant that was made meanwhile.
func TestOldAcknowledgementsAreNoNews(t *testing.T) {
	served := &v1alpha1.Tenant{}
	served.Name, served.Status.ID = "served", "id-of-served"
	fresh := &v1alpha1.Tenant{}
	fresh.Name = "fresh"
	w := watching(t, served, fresh)
	acks := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{binding.LabelKind: binding.KindAck}}, Data: map[string]string{served.Status.ID: "{}"}}
	for name, c := range map[string]struct {
		initial bool
		first   string
	}{
		"found at the start": {true, "fresh"},
		"new":                {false, "served"},
	} {
		t.Run(name, func(t *testing.T) {
			q := priorityqueue.New[reconcile.Request](name)
			defer q.ShutDown()
			w.acknowledged(t.Context(), event.CreateEvent{Object: acks, IsInInitialList: c.initial}, q)
			tenantCreated(t.Context(), event.CreateEvent{Object: fresh}, q)
			if got, _ := q.Get(); got.Name != c.first {
				t.Errorf("%s comes first", got.Name)
			}
		})
	}
}
