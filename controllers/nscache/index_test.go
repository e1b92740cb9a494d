package nscache

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// secret has the keys that its annotation lists.
func secret(uid, namespace, name string, keys ...string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		UID: types.UID(uid), Namespace: namespace, Name: name, Annotations: map[string]string{"keys": strings.Join(keys, " ")},
	}}
}

func keysOf(o client.Object) []string { return strings.Fields(o.GetAnnotations()["keys"]) }

// watched is an index, and what its owner was told: how often each key is
// present, by namespace.
func watched(t *testing.T) (*index, map[string]bool) {
	t.Helper()
	told := map[string]bool{}
	return newIndex(Options{Keys: keysOf, Seen: func(namespace, key string, present bool) {
		at := namespace + "/" + key
		if told[at] == present {
			t.Errorf("told twice that %s is %v", at, present)
		}
		told[at] = present
		if !present {
			delete(told, at)
		}
	}}), told
}

func TestIndex(t *testing.T) {
	i, told := watched(t)
	expect := func(when, key string, want ...string) {
		t.Helper()
		var got []string
		for _, name := range i.find(key) {
			got = append(got, name.String())
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", when, diff)
		}
	}
	first := secret("1", "a", "s", "id:1", "name:x")
	i.OnAdd(first, true)
	i.OnAdd(first, true) // a second handler, after an opening that failed
	i.OnAdd(secret("2", "b", "s", "id:1"), false)
	i.OnAdd(secret("3", "b", "plain"), false)
	expect("twice", "id:1", "a/s", "b/s")
	expect("once", "name:x", "a/s")

	renamed := secret("1", "a", "s", "id:1", "name:y")
	i.OnUpdate(first, renamed)
	expect("the former name", "name:x")
	expect("the new name", "name:y", "a/s")

	another := secret("4", "a", "s", "id:1")
	i.OnUpdate(renamed, another) // deleted and made anew while nobody watched
	expect("the new object", "id:1", "a/s", "b/s")
	expect("the old object", "name:y")

	i.OnAdd(secret("5", "closed", "s", "id:1", "name:z"), false)
	i.forget("closed")
	expect("a closed namespace", "id:1", "a/s", "b/s")
	expect("a closed namespace's name", "name:z")

	i.OnDelete(toolscache.DeletedFinalStateUnknown{Key: "a/s", Obj: another})
	i.OnDelete(secret("2", "b", "s", "id:1"))
	i.OnDelete(secret("9", "b", "never seen", "id:1"))
	expect("nothing", "id:1")
	if len(told)+len(i.found)+len(i.objects) > 0 {
		t.Errorf("left over: %v, %v, %v", told, i.found, i.objects)
	}
}

// TestIndexFollows: whatever happens to objects, the index finds them all, and
// tells its owner exactly when a key comes to, or leaves, a namespace.
func TestIndexFollows(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		i, told := watched(t)
		live := map[types.NamespacedName]*corev1.Secret{}
		for step := range 300 {
			namespace, name := fmt.Sprint("n", random.IntN(3)), fmt.Sprint("s", random.IntN(4))
			at := types.NamespacedName{Namespace: namespace, Name: name}
			uid := fmt.Sprint(at, " ", step/100) // now and then another object of the same name
			next := secret(uid, namespace, name, fmt.Sprint("k", random.IntN(3)), fmt.Sprint("l", random.IntN(3)))
			switch before := live[at]; {
			case before == nil:
				i.OnAdd(next, false)
				live[at] = next
			case random.IntN(3) == 0:
				i.OnDelete(before)
				delete(live, at)
			default:
				i.OnUpdate(before, next)
				live[at] = next
			}
			compare(t, i, told, live)
		}
	}
}

func compare(t *testing.T, i *index, told map[string]bool, live map[types.NamespacedName]*corev1.Secret) {
	t.Helper()
	wanted, present := map[string]int{}, map[string]bool{}
	for at, s := range live {
		for _, key := range keysOf(s) {
			wanted[key]++
			present[at.Namespace+"/"+key] = true
		}
	}
	found := map[string]int{}
	for key := range i.found {
		for _, at := range i.find(key) {
			found[key]++
			if live[at] == nil || !slices.Contains(keysOf(live[at]), key) {
				t.Fatalf("found %s by %s, which it does not have", at, key)
			}
		}
	}
	if diff := cmp.Diff(wanted, found); diff != "" {
		t.Fatal(diff)
	}
	if diff := cmp.Diff(present, told); diff != "" {
		t.Fatal(diff)
	}
}
