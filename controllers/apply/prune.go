package apply

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Delete removes a live object that is no longer wanted, by UID: an object of
// the same name that was made meanwhile stays. An absent object is no error.
func (a *Applier) Delete(ctx context.Context, live client.Object) error {
	if !a.Owned(live.GetLabels()) {
		return fmt.Errorf("%T %s: %w", live, client.ObjectKeyFromObject(live), ErrForeign)
	}
	gvk, err := a.Client.GroupVersionKindFor(live)
	if err != nil {
		return err
	}
	a.Known.remove(identity{gvk.Kind, live.GetNamespace(), live.GetName()})
	err = a.Client.Delete(ctx, live,
		client.Preconditions{UID: ptr.To(live.GetUID())},
		client.PropagationPolicy("Background"))
	return client.IgnoreNotFound(err)
}

// Prune deletes the live objects whose identity is not among the wanted ones.
func (a *Applier) Prune(ctx context.Context, live []client.Object, wanted []*unstructured.Unstructured) (deleted int, err error) {
	keep := map[identity]bool{}
	for _, w := range wanted {
		keep[identityOf(w)] = true
	}
	for _, object := range live {
		if !a.Owned(object.GetLabels()) || object.GetDeletionTimestamp() != nil {
			continue
		}
		gvk, err := a.Client.GroupVersionKindFor(object)
		if err != nil {
			return deleted, err
		}
		if keep[identity{gvk.Kind, object.GetNamespace(), object.GetName()}] {
			continue
		}
		if err := a.Delete(ctx, object); err != nil {
			return deleted, err
		}
		deleted++
	}
	return deleted, nil
}
