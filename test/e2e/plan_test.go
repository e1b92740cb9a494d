//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

const followers = 5

func changedPlan() {
	name := ours + "-rolls"
	follower := func(i int) string { return fmt.Sprintf("%s-rolls-%d", ours, i) }
	// edit changes the plan, and waits until its roll-out is in a state.
	edit := func(ctx context.Context, patch string, status metav1.ConditionStatus, reason string) *v1alpha1.Plan {
		GinkgoHelper()
		changed := plan(name)
		Expect(k.Patch(ctx, changed, client.RawPatch(types.MergePatchType, []byte(patch)))).To(Succeed())
		Eventually(planNow).WithContext(ctx).WithArguments(name).WithTimeout(time.Minute).
			Should(haveCondition(v1alpha1.ConditionRolledOut, status, reason))
		now, err := planNow(ctx, name)
		Expect(err).NotTo(HaveOccurred())
		return now
	}

	BeforeAll(func(ctx SpecContext) {
		p := plan(name)
		p.Spec.Rollout = &v1alpha1.Rollout{WaveSize: 2, DeadlineSeconds: 10}
		Expect(k.Create(ctx, p)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(k.Delete(ctx, p)).To(Succeed()) })
		for i := range followers {
			t := newTenant(fmt.Sprintf("rolls-%d", i))
			t.Spec.PlanRef.Name = name
			Expect(k.Create(ctx, t)).To(Succeed())
			ready(ctx, t.Name)
		}
	}, NodeTimeout(3*time.Minute))

	It("reaches all its tenants", func(ctx SpecContext) {
		now := edit(ctx, `{"spec":{"limits":{"documents":7}}}`, metav1.ConditionTrue, v1alpha1.ReasonComplete)
		Expect(*now.Status.Updated).To(BeEquivalentTo(followers))
		for i := range followers {
			ready(ctx, follower(i))
			Expect(bound(ctx, follower(i))[0].Limits.Documents).To(BeEquivalentTo(7))
		}
	}, SpecTimeout(2*time.Minute))

	It("stops at the first tenant that it breaks, and is taken back", func(ctx SpecContext) {
		now := edit(ctx, `{"spec":{"tiers":["DedicatedDatabase"],"database":{"storage":"1Gi"}}}`, metav1.ConditionFalse, v1alpha1.ReasonHalted)
		Expect(*now.Status.Updated).To(BeZero())
		broken := 0
		for i := range followers {
			t, err := tenant(ctx, follower(i))
			Expect(err).NotTo(HaveOccurred())
			if match, _ := beReady().Match(t); !match {
				broken++
			}
		}
		Expect(broken).To(Equal(1))
		edit(ctx, `{"spec":{"tiers":["Shared"],"database":null}}`, metav1.ConditionTrue, v1alpha1.ReasonComplete)
		for i := range followers {
			ready(ctx, follower(i))
		}
	}, SpecTimeout(2*time.Minute))
}

func planNow(ctx context.Context, name string) (*v1alpha1.Plan, error) {
	var p v1alpha1.Plan
	return &p, k.Get(ctx, client.ObjectKey{Name: name}, &p)
}
