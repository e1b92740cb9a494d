package rollout

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// TestRevisionStaysWhatItIs: another hash of an unchanged Plan would be rolled
// out to every tenant by an upgrade of the operator.
func TestRevisionStaysWhatItIs(t *testing.T) {
	spec := v1alpha1.PlanSpec{
		Tiers:         []v1alpha1.Tier{v1alpha1.TierDedicatedPods},
		Limits:        v1alpha1.Limits{Documents: 1000, RequestsPerMinute: 120},
		RetentionDays: 30,
		Database:      &v1alpha1.DatabaseSize{Instances: 3, Storage: ptr.To(resource.MustParse("1024Mi"))},
		Runtime:       &v1alpha1.RuntimeSize{Replicas: 2},
	}
	const want = "3c899d6d90db3df7"
	if got := Revision(spec); got != want {
		t.Errorf("the revision is %s and was %s", got, want)
	}
	spec.Rollout = &v1alpha1.Rollout{WaveSize: 7}
	if got := Revision(spec); got != want {
		t.Error("how a change is rolled out is part of the revision")
	}
	spec.RetentionDays = 60
	if got := Revision(spec); got != want {
		t.Error("how long a deleted tenant's data is kept is part of the revision")
	}
	spec.Limits.Documents++
	if got := Revision(spec); got == want {
		t.Error("another limit has the same revision")
	}
}

func TestAdmission(t *testing.T) {
	p := plan(nil)
	revision := Revision(p.Spec)
	first, second := "a", "b"
	if Place(revision, first) > Place(revision, second) {
		first, second = second, first
	}
	for name, c := range map[string]struct {
		status        v1alpha1.PlanStatus
		first, second bool
	}{
		"a plan without a status":    {v1alpha1.PlanStatus{}, false, false},
		"a roll-out that begins":     {v1alpha1.PlanStatus{Revision: revision}, false, false},
		"the first wave":             {v1alpha1.PlanStatus{Revision: revision, Admitted: Place(revision, first)}, true, false},
		"the second wave":            {v1alpha1.PlanStatus{Revision: revision, Admitted: Place(revision, second)}, true, true},
		"everyone":                   {v1alpha1.PlanStatus{Revision: revision, Admitted: Everyone}, true, true},
		"everyone to other content":  {v1alpha1.PlanStatus{Revision: "other", Admitted: Everyone}, false, false},
		"a place of another's order": {v1alpha1.PlanStatus{Revision: "other", Admitted: Place(revision, first)}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			p.Status = c.status
			a := AdmissionOf(p)
			if a.Admits(first) != c.first || a.Admits(second) != c.second {
				t.Errorf("admitted: %v, %v", a.Admits(first), a.Admits(second))
			}
		})
	}
}
