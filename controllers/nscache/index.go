package nscache

import (
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// index finds objects in all open namespaces by their keys. It follows the
// watches, so that a look-up costs the same however many objects there are.
type index struct {
	keys func(client.Object) []string
	seen func(namespace, key string, present bool)

	mu      sync.RWMutex
	objects map[types.UID]*indexed
	found   map[string][]*indexed // by key
}

// indexed is an object that has keys.
type indexed struct {
	name types.NamespacedName
	keys []string
}

func newIndex(options Options) *index {
	return &index{keys: options.Keys, seen: options.Seen, objects: map[types.UID]*indexed{}, found: map[string][]*indexed{}}
}

// find returns the objects that have a key.
func (i *index) find(key string) []types.NamespacedName {
	i.mu.RLock()
	defer i.mu.RUnlock()
	var names []types.NamespacedName
	for _, o := range i.found[key] {
		names = append(names, o.name)
	}
	return names
}

// OnAdd implements cache.ResourceEventHandler.
func (i *index) OnAdd(object any, _ bool) { i.put(object) }

// OnUpdate implements cache.ResourceEventHandler. After a new listing, the object
// before can be another one of the same name.
func (i *index) OnUpdate(before, after any) {
	i.put(after)
	old, ok1 := before.(client.Object)
	current, ok2 := after.(client.Object)
	if ok1 && ok2 && old.GetUID() != current.GetUID() {
		i.replace(old.GetUID(), nil)
	}
}

// OnDelete implements cache.ResourceEventHandler.
func (i *index) OnDelete(object any) {
	if last, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
		object = last.Obj
	}
	if gone, ok := object.(client.Object); ok {
		i.replace(gone.GetUID(), nil)
	}
}

// forget drops everything in a namespace.
func (i *index) forget(namespace string) {
	i.mu.RLock()
	var gone []types.UID
	for uid, o := range i.objects {
		if o.name.Namespace == namespace {
			gone = append(gone, uid)
		}
	}
	i.mu.RUnlock()
	for _, uid := range gone {
		i.replace(uid, nil)
	}
}

func (i *index) put(object any) {
	o, ok := object.(client.Object)
	if !ok {
		return
	}
	i.replace(o.GetUID(), &indexed{name: client.ObjectKeyFromObject(o), keys: i.keys(o)})
}

// replace puts an object in the place of what was known of it; nil removes it.
func (i *index) replace(uid types.UID, after *indexed) {
	i.mu.Lock()
	defer i.mu.Unlock()
	before := i.objects[uid]
	if after != nil && len(after.keys) == 0 {
		after = nil
	}
	if before == nil && after == nil || before != nil && after != nil && slices.Equal(before.keys, after.keys) {
		return
	}
	delete(i.objects, uid)
	// The new one comes first, so that a key that both have never seems to be gone.
	if after != nil {
		i.objects[uid] = after
		for _, key := range after.keys {
			i.add(key, after)
		}
	}
	if before != nil {
		for _, key := range before.keys {
			i.remove(key, before)
		}
	}
}

func (i *index) add(key string, o *indexed) {
	first := !i.holds(o.name.Namespace, key)
	i.found[key] = append(i.found[key], o)
	if first {
		i.seen(o.name.Namespace, key, true)
	}
}

func (i *index) remove(key string, o *indexed) {
	rest := slices.DeleteFunc(i.found[key], func(other *indexed) bool { return other == o })
	if i.found[key] = rest; len(rest) == 0 {
		delete(i.found, key)
	}
	if !i.holds(o.name.Namespace, key) {
		i.seen(o.name.Namespace, key, false)
	}
}

func (i *index) holds(namespace, key string) bool {
	return slices.ContainsFunc(i.found[key], func(o *indexed) bool { return o.name.Namespace == namespace })
}
