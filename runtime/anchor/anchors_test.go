package anchor

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
)

func TestCheck(t *testing.T) {
	tenant, known := uuid.New(), Head{Incarnation: 2, Generation: 7, Manifest: [32]byte{1}}
	a := New(fake.NewClientset().CoreV1().ConfigMaps("cell"), slog.New(slog.DiscardHandler))
	if err := a.Mark(tenant, 2).Check(Head{Incarnation: 2}); err != nil {
		t.Errorf("of a tenant that is not known: %v", err)
	}
	before := a.Mark(tenant, 2)
	a.Note(tenant, known)
	a.Note(tenant, Head{Incarnation: 2, Generation: 6}) // does not go back
	if err := before.Check(Head{Incarnation: 2, Generation: 6}); err != nil {
		t.Errorf("what was marked before knows of it: %v", err)
	}
	for name, test := range map[string]struct {
		head    Head
		granted int64
		refused bool
	}{
		"the same":                       {known, 2, false},
		"a newer generation":             {Head{2, 8, [32]byte{2}}, 2, false},
		"an older generation":            {Head{2, 6, [32]byte{1}}, 2, true},
		"another manifest":               {Head{2, 7, [32]byte{2}}, 2, true},
		"an older incarnation":           {Head{1, 9, [32]byte{1}}, 2, true},
		"a restore that was granted":     {Head{3, 1, [32]byte{3}}, 3, false},
		"a restore that was not granted": {Head{3, 1, [32]byte{3}}, 2, true},
	} {
		if err := a.Mark(tenant, test.granted).Check(test.head); errors.Is(err, ErrRolledBack) != test.refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReplicasShareAnchors: each takes over what the other anchored, none loses it,
// and there is no write when nothing changed.
func TestReplicasShareAnchors(t *testing.T) {
	kube := fake.NewClientset()
	newReplica := func() *Anchors {
		a := New(kube.CoreV1().ConfigMaps("cell"), slog.New(slog.DiscardHandler))
		if err := a.Begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		return a
	}
	one, two, first, second := newReplica(), newReplica(), uuid.New(), uuid.New()
	one.Note(first, Head{1, 5, [32]byte{5}})
	two.Note(first, Head{1, 4, [32]byte{4}})
	two.Note(second, Head{1, 1, [32]byte{1}})
	for _, a := range []*Anchors{one, two, two, one} {
		if err := a.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	three := newReplica()
	if err := three.Mark(first, 1).Check(Head{1, 4, [32]byte{4}}); !errors.Is(err, ErrRolledBack) {
		t.Errorf("the first is not anchored: %v", err)
	}
	if err := three.Mark(second, 1).Check(Head{1, 0, [32]byte{}}); !errors.Is(err, ErrRolledBack) {
		t.Errorf("the second is not anchored: %v", err)
	}
	kube.ClearActions()
	for _, a := range []*Anchors{one, two, three} {
		if err := a.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, action := range kube.Actions() {
		if action.GetVerb() != "get" {
			t.Errorf("%s without a change", action.GetVerb())
		}
	}
}

// TestQuietReplica: one that has nothing to write learns what others anchored, and writes
// anew what was lost as a whole.
func TestQuietReplica(t *testing.T) {
	kube := fake.NewClientset()
	anchors := kube.CoreV1().ConfigMaps("cell")
	save := func(a *Anchors) {
		t.Helper()
		if err := a.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	tenant, quiet, busy := uuid.New(), New(anchors, slog.New(slog.DiscardHandler)), New(anchors, slog.New(slog.DiscardHandler))
	if save(quiet); len(kube.Actions()) != 1 {
		t.Errorf("without a head: %v", kube.Actions())
	}
	busy.Note(tenant, Head{1, 5, [32]byte{5}})
	save(busy)
	save(quiet)
	if err := quiet.Mark(tenant, 1).Check(Head{1, 4, [32]byte{4}}); !errors.Is(err, ErrRolledBack) {
		t.Errorf("rolled back to what others know of: %v", err)
	}
	if err := anchors.Delete(t.Context(), Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	save(quiet)
	object, err := anchors.Get(t.Context(), Name, metav1.GetOptions{})
	if err != nil || len(object.Data) != 1 {
		t.Errorf("after the loss: %v, %v", object, err)
	}
}

// TestGrantedRestore: a replica does not put back a head that was taken out, until the
// database is seen to be no older; the loss of all of them is no grant.
func TestGrantedRestore(t *testing.T) {
	kube := fake.NewClientset()
	anchors := kube.CoreV1().ConfigMaps("cell")
	newReplica := func() *Anchors {
		a := New(anchors, slog.New(slog.DiscardHandler))
		if err := a.Begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		return a
	}
	restored, busy := uuid.New(), uuid.New()
	old, generation := newReplica(), int64(0)
	// save has a replica write, and checks what one that starts then knows.
	save := func(by *Anchors, what string, known bool) {
		t.Helper()
		generation++
		by.Note(busy, Head{1, generation, [32]byte{}})
		if err := by.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
		err := newReplica().Mark(restored, 1).Check(Head{1, 4, [32]byte{4}})
		if errors.Is(err, ErrRolledBack) != known {
			t.Errorf("%s: %v", what, err)
		}
	}
	old.Note(restored, Head{1, 9, [32]byte{9}})
	save(old, "anchored", true)
	if err := anchors.Delete(t.Context(), Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	save(old, "lost with the ConfigMap", true)
	patch := []byte(`{"data":{"` + restored.String() + `":null}}`)
	if _, err := anchors.Patch(t.Context(), Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	save(old, "taken out", false)
	young := newReplica()
	young.Note(restored, Head{1, 3, [32]byte{3}})
	save(young, "restored to what is older still", false)
	save(old, "restored, beside a replica of before", false)
	if err := old.Mark(restored, 1).Check(Head{1, 4, [32]byte{4}}); !errors.Is(err, ErrRolledBack) {
		t.Errorf("by a replica of before: %v", err)
	}
	old.Note(restored, Head{1, 10, [32]byte{10}})
	save(old, "newer than before", true)
}

func TestDamagedAnchorsAreNotTaken(t *testing.T) {
	for _, text := range []string{"", "1.2", "1.2.zz", "x.2." + zeros, "1.x." + zeros, "1.2." + zeros + "00"} {
		if h, err := parse(text); err == nil {
			t.Errorf("%q is %v", text, h)
		}
	}
	h := Head{3, 4, [32]byte{5}}
	if got, err := parse(h.String()); err != nil || got != h {
		t.Errorf("%v became %v, %v", h, got, err)
	}
	kube := fake.NewClientset()
	a := New(kube.CoreV1().ConfigMaps("cell"), slog.New(slog.DiscardHandler))
	a.Note(uuid.New(), h)
	if err := a.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	object, err := kube.CoreV1().ConfigMaps("cell").Get(t.Context(), Name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	object.Data[uuid.NewString()] = "damaged"
	if _, err := kube.CoreV1().ConfigMaps("cell").Update(t.Context(), object, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	a.Note(uuid.New(), h)
	if err := a.Save(t.Context()); err == nil {
		t.Error("a damaged anchor is written over")
	}
}

const zeros = "0000000000000000000000000000000000000000000000000000000000000000"
