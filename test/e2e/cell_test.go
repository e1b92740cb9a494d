//go:build e2e

package e2e

import (
	"context"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// Everything of ours has this name, or begins with it and a dash.
const ours = "e2e"

// applyOurs makes the cell and the plan that the tests use.
func applyOurs(ctx context.Context) {
	GinkgoHelper()
	_, err := kubectl(ctx, "", "apply", "-f", "config/samples/plan-starter.yaml")
	Expect(err).NotTo(HaveOccurred(), "is the operator deployed? `make deploy` does it")
	Expect(k.Create(ctx, plan(ours))).To(Succeed())
	storage := resource.MustParse("2Gi")
	Expect(k.Create(ctx, &v1alpha1.Cell{
		ObjectMeta: metav1.ObjectMeta{Name: ours, Labels: map[string]string{"purpose": ours}},
		Spec: v1alpha1.CellSpec{
			Capacity: 100,
			Database: &v1alpha1.DatabaseSize{Instances: 1, Storage: &storage},
			Runtime:  &v1alpha1.RuntimeSize{Replicas: 2},
		},
	})).To(Succeed())
	Eventually(cell).WithContext(ctx).WithArguments(ours).WithTimeout(5 * time.Minute).Should(beReady())
}

// plan has room for many requests and little for a document.
func plan(name string) *v1alpha1.Plan {
	return &v1alpha1.Plan{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.PlanSpec{
			Tiers: []v1alpha1.Tier{
				v1alpha1.TierShared, v1alpha1.TierDedicatedDatabase, v1alpha1.TierDedicatedPods, v1alpha1.TierDedicatedCluster,
			},
			Database: &v1alpha1.DatabaseSize{Storage: ptr.To(resource.MustParse("1Gi"))},
			Runtime:  &v1alpha1.RuntimeSize{Replicas: 1},
			Limits:   v1alpha1.Limits{DocumentBytes: 64 << 10, RequestsPerMinute: 100000},
		},
	}
}

func cell(ctx context.Context, name string) (*v1alpha1.Cell, error) {
	var c v1alpha1.Cell
	return &c, k.Get(ctx, client.ObjectKey{Name: name}, &c)
}

// removeAll removes what this or an earlier run has made. Deleting a Tenant keeps its data, and a Cell that
// holds data is not deleted: the Bindings have to be removed by hand.
func removeAll(ctx context.Context) {
	GinkgoHelper()
	var tenants v1alpha1.TenantList
	Expect(k.List(ctx, &tenants)).To(Succeed(), "is the operator deployed? `make deploy` does it")
	for i := range tenants.Items {
		if t := &tenants.Items[i]; isOurs(t.Name) {
			Expect(client.IgnoreNotFound(k.Delete(ctx, t))).To(Succeed())
			gone(ctx, t)
		}
	}
	for _, b := range bindings(ctx) {
		if isOurs(b.Labels[desired.LabelTenant]) {
			Expect(client.IgnoreNotFound(k.Delete(ctx, &b))).To(Succeed())
		}
	}
	var credentials corev1.SecretList
	Expect(k.List(ctx, &credentials, client.InNamespace(desired.CredentialsNamespace))).To(Succeed())
	for i := range credentials.Items {
		if s := &credentials.Items[i]; isOurs(s.Name) { // of a test that failed
			Expect(client.IgnoreNotFound(k.Delete(ctx, s))).To(Succeed())
		}
	}
	var cells v1alpha1.CellList
	Expect(k.List(ctx, &cells)).To(Succeed())
	slices.SortFunc(cells.Items, func(a, b v1alpha1.Cell) int { return strings.Compare(b.Spec.ServedBy, a.Spec.ServedBy) })
	for i := range cells.Items {
		if c := &cells.Items[i]; c.Name == ours || isOurs(c.Name) || isOurs(c.Labels[desired.LabelTenant]) {
			if c.Spec.TenantID != "" { // its data may go
				_, err := kubectl(ctx, "", "annotate", "cell", c.Name, "--overwrite", v1alpha1.AnnotationDiscardData+"="+c.Spec.TenantID)
				Expect(err).NotTo(HaveOccurred())
			}
			Expect(client.IgnoreNotFound(k.Delete(ctx, c))).To(Succeed())
			gone(ctx, c)
		}
	}
	Expect(client.IgnoreNotFound(k.Delete(ctx, plan(ours)))).To(Succeed())
}

func isOurs(name string) bool { return strings.HasPrefix(name, ours+"-") }

// gone waits until an object that is being deleted does not exist any more.
func gone(ctx context.Context, object client.Object) {
	GinkgoHelper()
	goneFrom(ctx, k, object)
}

func goneFrom(ctx context.Context, c client.Client, object client.Object) {
	GinkgoHelper()
	Eventually(func() bool {
		err := c.Get(ctx, client.ObjectKeyFromObject(object), object)
		return err != nil && client.IgnoreNotFound(err) == nil
	}).WithContext(ctx).WithTimeout(2*time.Minute).Should(BeTrue(), func() string {
		return "it is still there: " + describe(object)
	})
}

// bindings are those of every cell.
func bindings(ctx context.Context) []corev1.Secret {
	GinkgoHelper()
	var secrets corev1.SecretList
	Expect(k.List(ctx, &secrets, client.MatchingLabels{binding.LabelKind: binding.KindBinding})).To(Succeed())
	return secrets.Items
}
