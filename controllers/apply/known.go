package apply

import (
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Known remembers which objects there were, so that one that somebody deleted is
// told from one that was never made. The zero value knows none. It is safe for
// concurrent use.
type Known struct{ objects sync.Map } // of identity

// Forget forgets the objects of a namespace that is gone.
func (k *Known) Forget(namespace string) {
	k.objects.Range(func(id, _ any) bool {
		if id.(identity).namespace == namespace {
			k.objects.Delete(id)
		}
		return true
	})
}

func (k *Known) add(object *unstructured.Unstructured) {
	if k != nil {
		k.objects.Store(identityOf(object), nil)
	}
}

func (k *Known) has(object *unstructured.Unstructured) bool {
	if k == nil {
		return false
	}
	_, known := k.objects.Load(identityOf(object))
	return known
}

func (k *Known) remove(id identity) {
	if k != nil {
		k.objects.Delete(id)
	}
}

// identity is an object's, in all clusters: namespaces of ours have names of their own.
type identity struct{ kind, namespace, name string }

func identityOf(object *unstructured.Unstructured) identity {
	return identity{object.GetKind(), object.GetNamespace(), object.GetName()}
}
