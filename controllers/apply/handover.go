package apply

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// handoverOwner holds a field that the operator gives up, until the field's new
// owner writes it for the first time.
const handoverOwner = client.FieldOwner("bulkhead-handover")

// released are, by kind, the fields that an intent may leave to somebody else. A
// field that nobody holds falls back to its default: a Deployment that is handed
// to an autoscaler would have one pod until the autoscaler looks at it.
var released = map[string][]string{
	"Deployment": {"spec", "replicas"},
}

// handOver keeps the live value of a field that the intent does not claim.
func (a *Applier) handOver(ctx context.Context, live, intent *unstructured.Unstructured) error {
	path := released[intent.GetKind()]
	if live == nil || path == nil {
		return nil
	}
	if _, claimed, err := unstructured.NestedFieldNoCopy(intent.Object, path...); claimed || err != nil {
		return err
	}
	value, found, err := unstructured.NestedFieldCopy(live.Object, path...)
	if !found || err != nil {
		return err
	}
	kept := &unstructured.Unstructured{Object: map[string]any{}}
	kept.SetGroupVersionKind(intent.GroupVersionKind())
	kept.SetNamespace(intent.GetNamespace())
	kept.SetName(intent.GetName())
	kept.SetUID(live.GetUID())
	if err := unstructured.SetNestedField(kept.Object, value, path...); err != nil {
		return err
	}
	return a.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(kept), handoverOwner)
}
