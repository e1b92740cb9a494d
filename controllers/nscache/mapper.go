package nscache

import (
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// knownMapper remembers what it was answered: a cache of namespaces asks at
// every read whether the kind has namespaces, which never changes.
type knownMapper struct {
	meta.RESTMapper

	known sync.Map // schema.GroupVersionKind -> *meta.RESTMapping
}

// RESTMapping implements meta.RESTMapper.
func (m *knownMapper) RESTMapping(kind schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	if len(versions) != 1 {
		return m.RESTMapper.RESTMapping(kind, versions...)
	}
	key := kind.WithVersion(versions[0])
	if known, ok := m.known.Load(key); ok {
		return known.(*meta.RESTMapping), nil
	}
	mapping, err := m.RESTMapper.RESTMapping(kind, versions...)
	if err == nil {
		m.known.Store(key, mapping)
	}
	return mapping, err
}
