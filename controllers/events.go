package controllers

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/apply"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// Recorder writes Kubernetes Events, on transitions only: none while a tenant
// comes to life as it should, and none while nothing changes.
type Recorder struct{ Events events.EventRecorder }

// transition tells that a tenant is no longer served as it was.
func (r Recorder) transition(before, after *v1alpha1.Tenant) {
	was := meta.IsStatusConditionTrue(before.Status.Conditions, v1alpha1.ConditionReady)
	now := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionReady)
	if was && now != nil && now.Status != "True" {
		r.Events.Eventf(after, nil, corev1.EventTypeWarning, now.Reason, "Reconcile", "%s", now.Message)
	}
}

// repaired tells the owner of an object what somebody else had done to it. Events
// that differ in their note alone are counted as one: the object and the damage are
// in what makes an Event another (Related, Action).
func (r Recorder) repaired(owner runtime.Object, object *unstructured.Unstructured, damage apply.Damage) {
	action := "Restore"
	if damage == apply.Deleted {
		action = "Recreate"
	}
	r.Events.Eventf(owner, object, corev1.EventTypeWarning, "DriftRepaired", action,
		"%s was %s by somebody else and is again as it should be; change the Tenant, the Cell, the Plan or the operator's configuration instead", apply.Describe(object), damage)
}

// retained tells that a deleted tenant's data is kept, and where that costs money.
func (r Recorder) retained(t *v1alpha1.Tenant, id string) {
	kept := "the data and the key are kept"
	if t.Spec.Cluster != nil && t.Spec.Cluster.ClusterAPI != nil {
		kept = fmt.Sprintf("the data, the key and the Cluster %s/%s with its machines are kept", desired.ClustersNamespace, desired.OwnCellName(id))
	}
	r.Events.Eventf(t, nil, corev1.EventTypeNormal, v1alpha1.ReasonRetained, "Delete",
		"access is stopped; %s under the id %s; apply a Tenant with spec.adoptID to serve them again", kept, id)
}

// halted tells that the roll-out of a plan's change has stopped itself.
func (r Recorder) halted(before, after *v1alpha1.Plan) {
	was := meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ConditionRolledOut)
	now := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionRolledOut)
	if now != nil && now.Reason == v1alpha1.ReasonHalted && (was == nil || was.Reason != v1alpha1.ReasonHalted) {
		r.Events.Eventf(after, nil, corev1.EventTypeWarning, now.Reason, "RollOut", "%s", now.Message)
	}
}
