//go:build e2e

package e2e

import (
	"context"
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
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// Everything of ours has this name, or begins with it and a dash.
const ours = "e2e"

func isOurs(name string) bool { return name == ours || strings.HasPrefix(name, ours+"-") }

// applyOurs makes the cell and the plan that the tests use.
func applyOurs(ctx context.Context) {
	GinkgoHelper()
	_, err := kubectl(ctx, "", "apply", "-f", "config/samples/plan-starter.yaml")
	Expect(err).NotTo(HaveOccurred(), "is the operator deployed? `make deploy` does it")
	Expect(k.Create(ctx, plan(ours))).To(Succeed())
	makeCell(ctx, ours, 100, 2, "2Gi")
}

// makeCell makes a cell that only tenants take who select its name as their purpose.
func makeCell(ctx context.Context, name string, capacity, replicas int32, storage string) {
	GinkgoHelper()
	size := resource.MustParse(storage)
	Expect(k.Create(ctx, &v1alpha1.Cell{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"purpose": name}},
		Spec: v1alpha1.CellSpec{
			Capacity: capacity,
			Database: &v1alpha1.DatabaseSize{Instances: 1, Storage: &size},
			Runtime:  &v1alpha1.RuntimeSize{Replicas: replicas},
		},
	})).To(Succeed())
	Eventually(cell).WithContext(ctx).WithArguments(name).WithTimeout(5 * time.Minute).Should(beReady())
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
