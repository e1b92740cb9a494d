package rollout

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// TestNext: what is rolled out, and to whom, in the cases that are not on the way.
func TestNext(t *testing.T) {
	for name, c := range map[string]struct {
		play     func(f *fleet)
		reason   string
		message  string // a part of it
		admitted int
	}{
		"a plan that nobody has": {
			play:   func(f *fleet) { clear(f.tenants) },
			reason: v1alpha1.ReasonComplete, admitted: 0,
		},
		"tenants of a version that recorded no revision": {
			play: func(f *fleet) {
				for _, x := range f.tenants {
					x.Revision = ""
				}
				f.plan.Status = v1alpha1.PlanStatus{}
			},
			reason: v1alpha1.ReasonProgressing, admitted: 1,
		},
		"a plan that was deleted and applied again": {
			play:   func(f *fleet) { f.plan.Status = v1alpha1.PlanStatus{} },
			reason: v1alpha1.ReasonComplete, admitted: 6,
		},
		"an edit of how to roll out": {
			play: func(f *fleet) {
				f.plan.Spec.Rollout = &v1alpha1.Rollout{WaveSize: 1}
				f.plan.Generation++
			},
			reason: v1alpha1.ReasonComplete, admitted: 6,
		},
		"a tenant that comes to life during a wave is not waited for": {
			play: func(f *fleet) {
				f.edit(2)
				f.look()
				f.takeUp(f.inOrder()[0])
				f.tenants["new"] = &Tenant{Name: "new", ID: admittedID(f), Since: f.now}
				for range 3 {
					f.look()
					for _, x := range f.inOrder() {
						if x.Name != "new" {
							f.takeUp(x)
						}
					}
				}
			},
			reason: v1alpha1.ReasonComplete, message: "when they are Ready: 1", admitted: 7,
		},
		"a tenant that was out of order before its wave is not waited for": {
			play: func(f *fleet) {
				f.edit(2)
				f.turn(f.inOrder()[0], false)
				f.now = f.now.Add(time.Minute)
				f.look()
			},
			reason: v1alpha1.ReasonProgressing, admitted: 2,
		},
		"a canary that is out of order proves nothing": {
			play: func(f *fleet) {
				for _, x := range f.tenants {
					f.turn(x, false)
				}
				f.edit(2)
				f.now = f.now.Add(time.Minute)
				f.look()
				f.look()
			},
			reason: v1alpha1.ReasonProgressing, admitted: 3,
		},
		"a tenant that breaks during the wave is waited for": {
			play: func(f *fleet) {
				f.edit(2)
				f.look()
				f.takeUp(f.inOrder()[0])
				f.now = f.now.Add(time.Minute)
				f.turn(f.inOrder()[0], false)
			},
			reason: v1alpha1.ReasonProgressing, message: "waits for t", admitted: 1,
		},
		"a tenant that never takes the change up has failed": {
			play: func(f *fleet) {
				f.edit(2)
				f.look()
				f.now = f.now.Add(defaultDeadline)
			},
			reason: v1alpha1.ReasonHalted, message: "(has not taken it up); mend", admitted: 1,
		},
		"a failure that is allowed holds up only its wave": {
			play: func(f *fleet) {
				f.plan.Spec.Rollout.MaxFailures = ptr.To[int32](1)
				f.edit(2)
				f.held[f.inOrder()[0].Name] = true
				f.look()
				f.takeUp(f.inOrder()[0])
				f.now = f.now.Add(defaultDeadline)
			},
			reason: v1alpha1.ReasonProgressing, admitted: 2,
		},
		"failures of several waves add up": {
			play: func(f *fleet) {
				f.plan.Spec.Rollout.MaxFailures = ptr.To[int32](1)
				f.edit(2)
				for _, x := range f.inOrder()[:2] {
					f.held[x.Name] = true
					f.look()
					f.takeUp(x)
					f.now = f.now.Add(defaultDeadline)
				}
			},
			reason: v1alpha1.ReasonHalted, message: "failed (2) than spec.rollout.maxFailures allows (1): t", admitted: 2,
		},
		"a failed tenant that is deleted lets the others go on": {
			play: func(f *fleet) {
				f.edit(2)
				f.look()
				f.now = f.now.Add(defaultDeadline)
				f.look()
				delete(f.tenants, f.inOrder()[0].Name)
			},
			reason: v1alpha1.ReasonProgressing, admitted: 1,
		},
		"a tenant that breaks after the roll-out is its own affair": {
			play: func(f *fleet) {
				f.turn(f.tenants["t1"], false)
				f.now = f.now.Add(time.Hour)
			},
			reason: v1alpha1.ReasonComplete, admitted: 6,
		},
		"many failures are counted, and a few are named": {
			play: func(f *fleet) {
				f.plan.Spec.Rollout.WaveSize = 10
				f.edit(2)
				f.look()
				f.takeUp(f.inOrder()[0])
				f.tenants["t7"] = &Tenant{Name: "t7", ID: "id-t7", Revision: "other", Ready: true}
				f.look()
				f.now = f.now.Add(defaultDeadline)
			},
			reason: v1alpha1.ReasonHalted, message: "1 more; mend them", admitted: 7,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(6, &v1alpha1.Rollout{WaveSize: 2})
			c.play(f)
			f.look()
			if got := f.condition(); got.Reason != c.reason || !strings.Contains(got.Message, c.message) {
				t.Errorf("%s: %s", got.Reason, got.Message)
			}
			admitted := 0
			for _, x := range f.tenants {
				if AdmissionOf(f.plan).Admits(x.ID) {
					admitted++
				}
			}
			if admitted != c.admitted {
				t.Errorf("%d are admitted, want %d", admitted, c.admitted)
			}
		})
	}
}

// admittedID makes an id that is admitted already.
func admittedID(f *fleet) string {
	for i := 0; ; i++ {
		if id := fmt.Sprint("new-", i); AdmissionOf(f.plan).Admits(id) {
			return id
		}
	}
}

// TestLookingTwiceChangesNothing: a look without news writes nothing.
func TestLookingTwiceChangesNothing(t *testing.T) {
	f := newFleet(6, &v1alpha1.Rollout{WaveSize: 2})
	quiet := func(state string) {
		f.look()
		before := f.plan.Status.DeepCopy()
		f.now = f.now.Add(time.Second)
		f.look()
		if diff := cmp.Diff(before, &f.plan.Status); diff != "" || f.condition().Reason != state {
			t.Errorf("%s, want %s:\n%s", f.condition().Reason, state, diff)
		}
	}
	quiet(v1alpha1.ReasonComplete)
	f.edit(2)
	quiet(v1alpha1.ReasonProgressing)
	f.now = f.now.Add(defaultDeadline)
	quiet(v1alpha1.ReasonHalted)
}

// TestNoMoreThanAWaveChanges: whatever the tenants do, no more of those that
// were in order change at a time than a wave has, one until one is Ready with the
// change; and as long as what fails is mended, every tenant has it in the end.
func TestNoMoreThanAWaveChanges(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 0))
		size := 1 + random.IntN(5)
		f := newFleet(random.IntN(30), &v1alpha1.Rollout{WaveSize: int32(size), MaxFailures: ptr.To(int32(random.IntN(3)))})
		for _, x := range f.tenants {
			f.turn(x, random.IntN(8) > 0)
			f.held[x.Name] = random.IntN(10) == 0
		}
		f.now = f.now.Add(time.Minute)
		f.edit(2)
		f.look()
		for step := 0; f.condition().Reason != v1alpha1.ReasonComplete; step++ {
			if changing, limit := f.changing(size); len(changing) > limit || step > 5000 {
				t.Fatalf("seed %d, step %d: %d change at a time, %d may: %s", seed, step, len(changing), limit, f.condition().Message)
			}
			f.chance(random, size)
			f.look()
		}
		for _, x := range f.tenants { // those that were out of order
			f.held[x.Name] = false
			if f.takeUp(x); x.Revision != f.revision() {
				t.Errorf("seed %d: %s has not got it", seed, x.Name)
			}
		}
	}
}

// chance lets time pass, and some of the tenants that change come up, or be mended.
func (f *fleet) chance(random *rand.Rand, size int) {
	f.now = f.now.Add(time.Duration(random.IntN(120)) * time.Second)
	changing, _ := f.changing(size)
	for _, x := range changing {
		switch random.IntN(10) {
		case 0:
			f.held[x.Name] = false
		case 1, 2, 3:
			f.takeUp(x)
		}
	}
}

// changing are the tenants that are admitted, were in order before their wave and
// are not Ready with the change; and how many may be: a wave, and those whose
// failure was accepted.
func (f *fleet) changing(size int) (changing []*Tenant, limit int) {
	limit = 1
	admission := AdmissionOf(f.plan)
	for _, x := range f.inOrder() {
		switch {
		case x.Ready && x.Revision == admission.Revision:
			limit = size
		case admission.Admits(x.ID) && (x.Ready || !x.Since.Before(dawn.Add(time.Minute))):
			changing = append(changing, x)
		}
	}
	return changing, limit + int(ptr.Deref(f.plan.Status.Failed, 0))
}

func BenchmarkNext(b *testing.B) {
	f := newFleet(10_000, nil)
	f.edit(2)
	f.look()
	f.takeUp(f.inOrder()[0])
	tenants := f.list()
	b.ResetTimer()
	for b.Loop() {
		Next(f.plan, tenants, f.now)
	}
}
