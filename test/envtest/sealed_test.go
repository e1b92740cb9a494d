package envtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
)

const (
	crowd = 20
	// sealedFor is how long Vault is sealed.
	sealedFor = 6 * time.Second
	// atOnce is what the workers may ask before the first of them hears that Vault is
	// sealed; afterwards there are pauses of 1, 2, 4, … 15 s.
	atOnce = 8
	// callsOfTenant are the requests that make a key, a policy and a role.
	callsOfTenant = 3
	// convergence is the longest pause that follows, and the interval of retries.
	convergence = 15 * time.Second
)

// A real OpenBao, the real clock and the real watches.
var _ = Describe("A sealed Vault", func() {
	It("is asked rarely, however many tenants wait, and all go on by themselves", func(ctx SpecContext) {
		s := newScene(ctx)
		c := s.newCell(s.world.cell)
		c.Spec.Capacity = crowd
		Expect(admin.Create(ctx, c)).To(Succeed())
		s.cellBecomes(ctx, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		s.operator.stop()
		bao := fixture.NewOpenBao(GinkgoTB())
		options, server := optionsOf(s.keys, s.clock, config(s.image)), newVault(bao)
		options.Keys, options.Mounts = server, server
		stop := s.watch(cache.ByObject{Label: labels.SelectorFromSet(s.label())}, options)
		defer stop()
		bao.Seal(GinkgoTB())

		before := vaultRequests()
		for i := range crowd {
			t := s.newTenant(fmt.Sprintf("%s-sealed-%d", s.region, i))
			t.Labels = s.label()
			Expect(admin.Create(ctx, t)).To(Succeed())
		}
		s.allBecome(ctx, "False/"+v1alpha1.ReasonVaultSealed, sealedFor)
		time.Sleep(sealedFor)
		asked := vaultRequests() - before
		Expect(asked).To(BeNumerically(">=", 2), "it is not tried again")
		Expect(asked).To(BeNumerically("<=", atOnce+5), "1, 2 and 4 s lie between the tries, and it was sealed for at most %s", 2*sealedFor)

		bao.Unseal(GinkgoTB())
		before = vaultRequests()
		unsealed := time.Now()
		s.allBecome(ctx, "True/"+v1alpha1.ReasonReady, convergence)
		GinkgoWriter.Printf("%d requests while sealed; all Ready %s after, with %d\n", asked, time.Since(unsealed), vaultRequests()-before)
		Expect(vaultRequests()-before).To(BeNumerically("<=", crowd*callsOfTenant+atOnce), "a key, a policy and a role each, and logins")
	}, NodeTimeout(hang))
})

// newVault is the operator's client of a server.
func newVault(bao *fixture.OpenBao) *vault.Client {
	GinkgoHelper()
	const account = "bulkhead-manager"
	bao.GrantOperator(GinkgoTB(), desired.SystemNamespace, account)
	ca, err := os.ReadFile(bao.CAFile)
	Expect(err).NotTo(HaveOccurred())
	token := filepath.Join(GinkgoT().TempDir(), "token")
	Expect(os.WriteFile(token, []byte(bao.Token(desired.SystemNamespace, account)), 0o600)).To(Succeed())
	made, err := vault.New(vault.Options{
		Address: bao.Address, CABundle: string(ca), TransitMount: fixture.TransitMount, AuthMount: fixture.AuthMount,
		Role: "bulkhead-operator", Audience: fixture.Audience, TokenFile: token,
	})
	Expect(err).NotTo(HaveOccurred())
	return made
}

// vaultRequests is the operator's own count.
func vaultRequests() int {
	GinkgoHelper()
	families, err := metrics.Registry.Gather()
	Expect(err).NotTo(HaveOccurred())
	for _, family := range families {
		if family.GetName() == vault.MetricRequests {
			return int(family.GetMetric()[0].GetCounter().GetValue())
		}
	}
	Fail("there is no metric " + vault.MetricRequests)
	return 0
}

// label marks this scene's tenants.
func (s *scene) label() labels.Set { return labels.Set{"scene": s.region} }

// allBecome lets the world turn until the Ready condition of all is as wanted.
func (s *scene) allBecome(ctx context.Context, ready string, within time.Duration) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		s.world.turn(ctx)
		var tenants v1alpha1.TenantList
		g.Expect(admin.List(ctx, &tenants, client.MatchingLabels(s.label()))).To(Succeed())
		g.Expect(tenants.Items).NotTo(BeEmpty())
		for _, t := range tenants.Items {
			g.Expect(stateOf(t.Status.Conditions, v1alpha1.ConditionReady)).To(Equal(ready), t.Name)
		}
	}).WithTimeout(within).WithPolling(20 * pace).Should(Succeed())
}
