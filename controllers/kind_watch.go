package controllers

import (
	"context"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// KindWatch says whether one of our own CustomResourceDefinitions is being removed.
type KindWatch struct {
	// Live reads past the caches; only deletions ask.
	Live client.Reader
}

// BeingRemoved reports whether the definition of a kind is terminating. Every
// object of the kind is deleted then, which nobody can have meant for the data.
func (k *KindWatch) BeingRemoved(ctx context.Context, plural string) (bool, error) {
	var crd apiextensionsv1.CustomResourceDefinition
	key := client.ObjectKey{Name: plural + "." + v1alpha1.GroupVersion.Group}
	if err := k.Live.Get(ctx, key, &crd); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	return crd.DeletionTimestamp != nil, nil
}
