package envtest

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault"
)

func sealed(_ string, applied bool) error {
	if applied {
		return nil
	}
	return fmt.Errorf("test: %w", vault.ErrSealed)
}

// settle reconciles until nothing is written any more: what was written last
// has to come back through the caches first.
func (s *scene) settle(ctx context.Context, tenants ...string) {
	GinkgoHelper()
	s.clock.advance(2 * 5 * time.Second)
	Eventually(func(g Gomega) {
		s.wire.forget()
		s.reconcileAll(ctx, g, tenants...)
		writes, reads := s.wire.seen()
		g.Expect(writes).To(BeEmpty())
		g.Expect(reads).To(BeEmpty())
	}).WithTimeout(patience).WithPolling(pace).Should(Succeed())
}

// settleReads reconciles until the caches of a new process are open. It may
// write nothing meanwhile.
func (s *scene) settleReads(ctx context.Context, tenants ...string) {
	GinkgoHelper()
	s.reconcileAll(ctx, NewGomega(Fail), tenants...)
	writes, _ := s.wire.seen()
	Expect(writes).To(BeEmpty(), "a restarted operator wrote")
}

// expectQuiet reconciles everything again: no write, no live read.
func (s *scene) expectQuiet(ctx context.Context, tenants ...string) {
	GinkgoHelper()
	s.wire.forget()
	for range 3 {
		s.reconcileAll(ctx, NewGomega(Fail), tenants...)
	}
	writes, reads := s.wire.seen()
	Expect(writes).To(BeEmpty(), "a reconcile without cause wrote")
	Expect(reads).To(BeEmpty(), "a reconcile without cause read past the caches")
}

func (s *scene) reconcileAll(ctx context.Context, g Gomega, tenants ...string) {
	_, err := s.cell(ctx, s.world.cell)
	g.Expect(err).NotTo(HaveOccurred())
	for _, name := range tenants {
		_, err := s.tenant(ctx, name)
		g.Expect(err).NotTo(HaveOccurred())
	}
	var c v1alpha1.Cell
	g.Expect(admin.Get(ctx, client.ObjectKey{Name: s.world.cell}, &c)).To(Succeed())
}
