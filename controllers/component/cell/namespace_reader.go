package cell

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// namespaceReader reads from the namespaces that a run began with, so that the
// run judges and applies the same ones.
type namespaceReader map[string]*corev1.Namespace

// Get implements client.Reader.
func (r namespaceReader) Get(_ context.Context, key client.ObjectKey, object client.Object, _ ...client.GetOption) error {
	out, ok := object.(*corev1.Namespace)
	if !ok {
		return fmt.Errorf("%T is not a namespace", object)
	}
	live := r[key.Name]
	if live == nil {
		return errors.NewNotFound(corev1.Resource("namespaces"), key.Name)
	}
	live.DeepCopyInto(out)
	return nil
}

// List implements client.Reader.
func (namespaceReader) List(context.Context, client.ObjectList, ...client.ListOption) error {
	return fmt.Errorf("namespaces are not listed here")
}
