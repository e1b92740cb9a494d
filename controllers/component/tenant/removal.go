package tenant

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/controllers/apply"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// remove deletes one of the tenant's objects, given by its kind and name, in a
// cell's runtime namespace. What is not there, and what is not ours, is left alone.
func (p *Parts) remove(ctx context.Context, s *Scope, cellName string, object client.Object) error {
	object.SetNamespace(desired.RuntimeNamespace(cellName))
	err := s.Cluster.Live.Get(ctx, client.ObjectKeyFromObject(object), object)
	if apply.IsMissingKind(err) {
		return nil
	}
	if err != nil {
		return p.unlessLost(ctx, s, cellName, err)
	}
	err = p.Applier(s.Cluster, s.Tenant).Delete(ctx, object)
	if errors.Is(err, apply.ErrForeign) {
		return nil
	}
	return err
}

// unlessLost turns an error about an object of a cell into nil when the object is
// gone, or is going with its namespace and cannot be reached any more.
func (p *Parts) unlessLost(ctx context.Context, s *Scope, cellName string, err error) error {
	if !apierrors.IsForbidden(err) {
		return client.IgnoreNotFound(err)
	}
	var namespace corev1.Namespace
	found := s.Cluster.Live.Get(ctx, client.ObjectKey{Name: desired.RuntimeNamespace(cellName)}, &namespace)
	if apierrors.IsNotFound(found) || (found == nil && namespace.DeletionTimestamp != nil) {
		return nil
	}
	return err
}
