package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// FieldOwner is the one manager of every field that the operator applies.
const FieldOwner = client.FieldOwner("bulkhead")

// AnnotationApplied on an applied object is the hash of the intent behind it.
const AnnotationApplied = "bulkhead.dev/applied"

// ErrForeign means that an object of the wanted name exists and is not ours.
var ErrForeign = errors.New("exists and was not made by bulkhead")

// Applier applies the objects of one owner.
type Applier struct {
	// Client writes; Live reads past every cache, and only when a cached read
	// found nothing.
	Client client.Client
	Live   client.Reader
	// Owned reports whether a live object's labels prove that it is ours.
	Owned func(labels map[string]string) bool
	// Known, if set, tells deleted objects from new ones.
	Known *Known
	// Repaired, if set, is told of an object that somebody else had damaged.
	Repaired func(object *unstructured.Unstructured, damage Damage)
}

// Apply makes the live object contain the intent. An intent with a UID is meant for
// that object only, and never makes one. cached reads the object's
// namespace from a cache; nil reads past it. It returns the live object and
// whether anything was written.
func (a *Applier) Apply(ctx context.Context, cached client.Reader, intent *unstructured.Unstructured) (live *unstructured.Unstructured, wrote bool, err error) {
	hash, err := Hash(intent)
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", Describe(intent), err)
	}
	live, err = a.find(ctx, cached, intent)
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", Describe(intent), err)
	}
	if live != nil && !a.Owned(live.GetLabels()) {
		return live, false, fmt.Errorf("%s: %w", Describe(intent), ErrForeign)
	}
	if live != nil && live.GetAnnotations()[AnnotationApplied] == hash && Contains(live, intent) {
		a.Known.add(intent)
		return live, false, nil
	}
	live, err = a.write(ctx, live, intent, hash)
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", Describe(intent), err)
	}
	return live, true, nil
}

// write applies the intent over the live object, nil for none, and tells of it if
// that is a repair.
func (a *Applier) write(ctx context.Context, live, intent *unstructured.Unstructured, hash string) (*unstructured.Unstructured, error) {
	patched := intent.DeepCopy()
	annotations := patched.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[AnnotationApplied] = hash
	patched.SetAnnotations(annotations)
	if live != nil && patched.GetUID() == "" {
		patched.SetUID(live.GetUID()) // never re-create, by an apply, what was deleted meanwhile
	}
	if err := errors.Join(a.handOver(ctx, live, intent), a.removeAdditions(ctx, live, intent)); err != nil {
		return nil, err
	}
	if err := a.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(patched), FieldOwner, client.ForceOwnership); err != nil {
		return nil, err
	}
	switch {
	case live == nil && a.Known.has(intent):
		a.report(ctx, intent, Deleted)
	case live != nil && live.GetAnnotations()[AnnotationApplied] == hash: // the intent had not changed
		a.report(ctx, intent, Changed)
	}
	a.Known.add(intent)
	return patched, nil
}

// find reads the live object, nil when there is none. What a cache does not
// have is looked for past it, so that nothing foreign is taken for absent.
func (a *Applier) find(ctx context.Context, cached client.Reader, intent *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	if cached != nil {
		live, err := Get(ctx, cached, a.Client.Scheme(), intent)
		if live != nil || err != nil {
			return live, err
		}
	}
	return Get(ctx, a.Live, a.Client.Scheme(), intent)
}

// Get reads the live object of an intent as its typed kind, so that one cache
// serves everybody, and returns it generic. It returns nil for none.
func Get(ctx context.Context, reader client.Reader, scheme *runtime.Scheme, intent *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	typed, err := objectOf(scheme, intent.GroupVersionKind())
	if err != nil {
		return nil, err
	}
	if err := reader.Get(ctx, client.ObjectKeyFromObject(intent), typed); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err != nil {
		return nil, err
	}
	live := &unstructured.Unstructured{Object: content}
	live.SetGroupVersionKind(intent.GroupVersionKind())
	return live, nil
}

// objectOf is an empty object of a kind, generic when the kind has no Go type.
func objectOf(scheme *runtime.Scheme, kind schema.GroupVersionKind) (client.Object, error) {
	made, err := scheme.New(kind)
	if runtime.IsNotRegisteredError(err) {
		generic := &unstructured.Unstructured{}
		generic.SetGroupVersionKind(kind)
		return generic, nil
	} else if err != nil {
		return nil, err
	}
	object, ok := made.(client.Object)
	if !ok {
		return nil, fmt.Errorf("%s is not an object", kind)
	}
	return object, nil
}

// Hash identifies an intent: equal intents have equal hashes, whichever object,
// by its UID, they are meant for.
func Hash(intent *unstructured.Unstructured) (string, error) {
	content := intent
	if intent.GetUID() != "" {
		content = intent.DeepCopy()
		content.SetUID("")
	}
	data, err := json.Marshal(content.Object) // map keys are sorted
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16]), nil
}

// Describe names an object for people: kind, namespace and name.
func Describe(object *unstructured.Unstructured) string {
	if object.GetNamespace() == "" {
		return object.GetKind() + " " + object.GetName()
	}
	return object.GetKind() + " " + object.GetNamespace() + "/" + object.GetName()
}
