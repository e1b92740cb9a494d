package envtest

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// The sweep kills the operator at its first call, at its second, and so on,
// once before the call has its effect and once after it, and demands that a
// fresh process brings everything about all the same.
var _ = Describe("An operator killed at any call", func() {
	for _, after := range []bool{false, true} {
		when := map[bool]string{false: "before", true: "after"}[after]

		It("while making a tenant converges, killed "+when+" its effect", func(ctx SpecContext) {
			s := newScene(ctx)
			s.readyCell(ctx)
			var name string
			calls := s.sweep(after, sweepStep{
				prepare: func(n int) {
					name = fmt.Sprintf("sweep-%s-%d", when, n)
					Expect(admin.Create(ctx, s.newTenant(name))).To(Succeed())
				},
				act: func() { s.pursue(ctx, func() bool { return s.tenantPass(ctx, name) }) },
				verify: func() {
					s.tenantBecomes(ctx, name, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
					s.expectOne(ctx, name)
				},
			})
			Expect(calls).To(BeNumerically(">=", 5), "finalizer, Vault, credential, Binding and status are calls")
		}, NodeTimeout(hang))

		It("while deleting a tenant converges, killed "+when+" its effect", func(ctx SpecContext) {
			s := newScene(ctx)
			c := s.newCell(s.world.cell)
			c.Spec.Capacity = sweepLimit // the retained ones keep their places
			Expect(admin.Create(ctx, c)).To(Succeed())
			s.cellBecomes(ctx, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
			var t *v1alpha1.Tenant
			calls := s.sweep(after, sweepStep{
				prepare: func(n int) {
					t = s.readyTenant(ctx, fmt.Sprintf("sweep-delete-%s-%d", when, n))
					Expect(admin.Delete(ctx, t)).To(Succeed())
				},
				act: func() { s.pursue(ctx, func() bool { return s.deletionPass(ctx, t) }) },
				verify: func() {
					s.pursue(ctx, func() bool { return s.deletionPass(ctx, t) })
					b, _ := s.bindingOf(ctx, t.Status.ID)
					Expect(b.State).To(Equal(binding.Retained))
					Expect(s.keys.HasKey(desired.KeyName(t.Status.ID))).To(BeTrue())
				},
			})
			Expect(calls).To(BeNumerically(">=", 3), "the Binding, the credential and the finalizer are calls")
		}, NodeTimeout(hang))

		It("while making a cell converges, killed "+when+" its effect", func(ctx SpecContext) {
			s := newScene(ctx)
			first := s.world.cell
			calls := s.sweep(after, sweepStep{
				prepare: func(n int) {
					s.world.cell = fmt.Sprintf("%s-%d", first, n)
					Expect(admin.Create(ctx, s.newCell(s.world.cell))).To(Succeed())
				},
				act:    func() { s.pursue(ctx, func() bool { return s.cellPass(ctx) }) },
				verify: func() { s.cellBecomes(ctx, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady) },
			})
			Expect(calls).To(BeNumerically(">=", 20), "a cell is at least as many objects")
		}, NodeTimeout(hang))
	}
})

// sweepLimit is more calls than any act makes.
const sweepLimit = 100

// sweepStep is one act of the operator, repeated for every call it makes.
type sweepStep struct {
	prepare func(n int) // sets the stage for the n-th repetition
	act     func()      // is cut short when the operator dies
	verify  func()      // demands the outcome of a fresh process
}

// sweep repeats the step, the operator dying one call later each time, until
// it survives. It returns the number of calls that the act consists of.
func (s *scene) sweep(after bool, step sweepStep) int {
	GinkgoHelper()
	for n := 1; n <= sweepLimit; n++ {
		step.prepare(n)
		s.restart()
		s.keys.Fault = s.wire.call
		s.wire.arm(dieAt(n, after))
		step.act()
		died := s.wire.isDead()
		s.keys.Fault = nil
		if !died {
			return n - 1
		}
		s.restart()
		step.verify()
	}
	Fail("the act never ends")
	return 0
}

// dieAt is the fate of an operator that makes n-1 calls and dies at the next.
func dieAt(n int, after bool) func(string) fate {
	made := 0
	return func(string) fate {
		made++
		switch {
		case made < n:
			return lives
		case after:
			return diesAfter
		}
		return diesBefore
	}
}

// pursue passes until a pass says that it is done, or the operator is dead.
func (s *scene) pursue(ctx context.Context, pass func() (done bool)) {
	GinkgoHelper()
	Eventually(func() bool {
		s.world.turn(ctx)
		return pass() || s.wire.isDead()
	}).WithTimeout(patience).WithPolling(pace).Should(BeTrue())
}

func (s *scene) tenantPass(ctx context.Context, name string) bool {
	_, err := s.tenant(ctx, name)
	var t v1alpha1.Tenant
	Expect(admin.Get(ctx, client.ObjectKey{Name: name}, &t)).To(Succeed())
	return err == nil && meta.IsStatusConditionTrue(t.Status.Conditions, v1alpha1.ConditionReady)
}

func (s *scene) deletionPass(ctx context.Context, t *v1alpha1.Tenant) bool {
	_, err := s.tenant(ctx, t.Name)
	return err == nil && apierrors.IsNotFound(admin.Get(ctx, client.ObjectKeyFromObject(t), &v1alpha1.Tenant{}))
}

func (s *scene) cellPass(ctx context.Context) bool {
	_, err := s.cell(ctx, s.world.cell)
	var c v1alpha1.Cell
	Expect(admin.Get(ctx, client.ObjectKey{Name: s.world.cell}, &c)).To(Succeed())
	return err == nil && meta.IsStatusConditionTrue(c.Status.Conditions, v1alpha1.ConditionReady)
}

// expectOne proves that a tenant has one Binding and one credential that opens it.
func (s *scene) expectOne(ctx context.Context, name string) {
	GinkgoHelper()
	var t v1alpha1.Tenant
	Expect(admin.Get(ctx, client.ObjectKey{Name: name}, &t)).To(Succeed())
	Expect(t.Status.ID).To(Equal(string(t.UID)))
	b, _ := s.bindingOf(ctx, t.Status.ID)
	Expect(b.Credentials).To(HaveLen(1))
	Expect(b.Credentials[0].Matches(string(s.credentialOf(ctx, name).Data[desired.CredentialAPIKey]))).To(BeTrue())
	_, ok := s.keys.Role(desired.VaultRole(t.Status.ID))
	Expect(ok).To(BeTrue())
}
