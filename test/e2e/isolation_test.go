//go:build e2e

package e2e

import (
	"context"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// second is a cell beside ours, for there to be something to be kept apart from.
const second = ours + "-second"

// isolationTest runs what we give people to test the walls with: it has to be right about walls that hold, and
// about walls that do not.
func isolationTest() {
	var p plugin
	verify := []string{"verify", "isolation", "--cell", ours, "--cell", second, "--max-cells", "2"}

	BeforeAll(func(ctx SpecContext) {
		p = buildPlugin(ctx)
		code, _, said := p.run(ctx, "verify", "isolation", "--cleanup") // what a killed run has left
		Expect(code).To(Equal(0), said)
		makeCell(ctx, second, 10, 1, "1Gi") // the smallest there is
		provision(ctx, "isolation-a")
		provision(ctx, "isolation-b")
		c := newTenant("isolation-c")
		c.Spec.CellSelector.MatchLabels["purpose"] = second
		Expect(k.Create(ctx, c)).To(Succeed())
		ready(ctx, c.Name)
	}, NodeTimeout(8*time.Minute))

	It("finds that they hold, with the rights that it documents", func(ctx SpecContext) {
		bindCluster(ctx, "bulkhead-isolation-verifier", rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: ours + "-verifier"})
		before := readySince(ctx, ours+"-isolation-a")
		code, out, _ := p.run(ctx, append(verify, "-o", "json", "--as", ours+"-verifier")...)
		Expect(code).To(Equal(0))
		found := decodeIsolation(out)
		Expect(found.Summary.Verdict).To(Equal("ok"))
		for _, relation := range []string{
			"another cell's runtime", "another cell's database", "its own runtime", "its own database",
			"DNS (UDP and TCP)", "the API server", "a foreign pod",
		} {
			Expect(found.verdicts("runtime", relation)).To(And(Not(BeEmpty()), HaveEach("ok")), "tenants' pods to %s", relation)
		}
		for _, relation := range []string{"another cell's runtime", "another cell's database"} {
			Expect(found.verdicts("foreign", relation)).To(And(Not(BeEmpty()), HaveEach("ok")), "a foreign pod to %s", relation)
			Expect(found.verdicts("impostor", relation)).To(And(Not(BeEmpty()), HaveEach("ok")), "impostors to %s", relation)
		}
		claims := found.claims()
		Expect(claims).To(HaveLen(9))
		for claim, verdicts := range claims {
			Expect(verdicts).To(HaveEach("ok"), claim)
		}
		Expect(readySince(ctx, ours+"-isolation-a")).To(Equal(before), "the probes disturbed a tenant")
		nothingLeft(ctx)
	}, SpecTimeout(10*time.Minute)) // the second cell's making included

	It("proves the walls to the outside where somebody is there", func(ctx SpecContext) {
		state()
		const metadata, internet = "169.254.169.254:80", "1.1.1.1:443"
		listener(ctx, metadata)
		listener(ctx, internet)
		otherNode(ctx, "10.99.1.1")
		code, out, _ := p.run(ctx, append(verify, "-o", "json")...)
		Expect(code).To(Equal(0))
		found := decodeIsolation(out)
		for _, address := range []string{metadata, internet, "10.99.1.1:10250"} {
			Expect(found.at(address)).To(And(HaveLen(2), HaveEach("ok")), address)
		}
		for _, pair := range found.Network {
			if pair.From.Kind == "foreign" && (pair.To.Address == metadata || pair.To.Address == internet) {
				Expect(pair.Observed).To(Equal("open"), pair.To.Address)
			}
		}
	}, SpecTimeout(3*time.Minute))

	It("names a wall with a hole, and an identity with too many rights", func(ctx SpecContext) {
		hole := &networkingv1.NetworkPolicy{
			ObjectMeta: metav1.ObjectMeta{Namespace: desired.DatabaseNamespace(ours), Name: "allow-all"},
			Spec: networkingv1.NetworkPolicySpec{
				Ingress: []networkingv1.NetworkPolicyIngressRule{{}}, PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
			},
		}
		Expect(k.Create(ctx, hole)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(k.Delete(ctx, hole)).To(Succeed()) })
		bindCluster(ctx, "bulkhead-runtime", rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: desired.RuntimeNamespace(second), Name: desired.RuntimeServiceAccount})

		code, out, _ := p.run(ctx, verify...)
		Expect(code).To(Equal(1))
		Expect(out).To(And(
			MatchRegexp(`FAIL  foreign pod → database of e2e \(.*:5432\) is open, expected blocked`),
			MatchRegexp(`FAIL  impostor of e2e-second → database of e2e \(.*:5432\) is open, expected blocked`),
			ContainSubstring("the operator did not make bulkhead-e2e-db/allow-all"),
			ContainSubstring("FAIL  ServiceAccount of bulkhead-e2e-second: it does not hold that it reads the Secrets of its own namespace only: "+
				"it also reads those of the whole cluster"),
			ContainSubstring("NOT ISOLATED"),
		))
		Expect(out).NotTo(Or(ContainSubstring("→ database of e2e-second ("), ContainSubstring("FAIL  ServiceAccount of bulkhead-e2e:")), "these still hold")
		nothingLeft(ctx)
	}, SpecTimeout(3*time.Minute))

	It("says what it lacks when it cannot run", func(ctx SpecContext) {
		code, out, said := p.run(ctx, append(verify, "--as", ours+"-nobody")...)
		Expect(code).To(Equal(2))
		Expect(out).To(BeEmpty())
		Expect(said).To(And(ContainSubstring("you lack the right to list cells"), ContainSubstring("bulkhead-isolation-verifier")))

		code, _, said = p.run(ctx, "verify", "isolation", "--cell", ours+"-unknown")
		Expect(code).To(Equal(2))
		Expect(said).To(ContainSubstring(`there is no Cell "e2e-unknown"`))
	}, SpecTimeout(time.Minute))

	It("removes what a killed run has left", func(ctx SpecContext) {
		killed := p.command(ctx, verify...)
		Expect(killed.Start()).To(Succeed())
		Eventually(leftovers).WithContext(ctx).Should(HaveLen(6), "a namespace and five pods")
		Expect(killed.Process.Kill()).To(Succeed())
		_ = killed.Wait() // it was killed
		Expect(leftovers(ctx)).NotTo(BeEmpty())
		code, _, _ := p.run(ctx, "verify", "isolation", "--cleanup")
		Expect(code).To(Equal(0))
		nothingLeft(ctx)
	}, SpecTimeout(2*time.Minute))
}

// bindCluster gives somebody a role in the whole cluster until the test ends.
func bindCluster(ctx context.Context, role string, subject rbacv1.Subject) {
	GinkgoHelper()
	b := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: ours + "-" + role},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{subject},
	}
	Expect(k.Create(ctx, b)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(k.Delete(ctx, b)).To(Succeed()) })
}

// readySince is when a tenant became Ready the last time.
func readySince(ctx context.Context, name string) metav1.Time {
	GinkgoHelper()
	t, err := tenant(ctx, name)
	Expect(err).NotTo(HaveOccurred())
	Expect(t).To(beReady())
	return meta.FindStatusCondition(t.Status.Conditions, v1alpha1.ConditionReady).LastTransitionTime
}

// leftovers are the namespaces and the pods of isolation tests.
func leftovers(ctx context.Context) []string {
	GinkgoHelper()
	var found []string
	var namespaces corev1.NamespaceList
	Expect(k.List(ctx, &namespaces, client.MatchingLabels{desired.LabelManagedBy: "kubectl-bulkhead"})).To(Succeed())
	for _, n := range namespaces.Items {
		found = append(found, n.Name)
	}
	var pods corev1.PodList
	Expect(k.List(ctx, &pods)).To(Succeed())
	for _, p := range pods.Items {
		if strings.HasPrefix(p.Name, "isolation-probe-") {
			found = append(found, p.Namespace+"/"+p.Name)
		}
	}
	return found
}

func nothingLeft(ctx context.Context) {
	GinkgoHelper()
	Eventually(leftovers).WithContext(ctx).WithTimeout(time.Minute).Should(BeEmpty())
}
