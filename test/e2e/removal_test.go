//go:build e2e

package e2e

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// removeAll removes what this or an earlier run has made.
func removeAll(ctx context.Context) {
	GinkgoHelper()
	wakeSecond(ctx)
	removeTenants(ctx, isOurs)
	removeCells(ctx, func(c *v1alpha1.Cell) bool { return isOurs(c.Name) })
	for _, of := range []struct {
		list      client.ObjectList
		namespace string
	}{
		{&v1alpha1.PlanList{}, ""},
		{&rbacv1.ClusterRoleBindingList{}, ""},
		{&corev1.NodeList{}, ""},
		{&corev1.NamespaceList{}, ""},
		{&corev1.PodList{}, desired.SystemNamespace},
	} {
		removeNamed(ctx, of.list, of.namespace, isOurs)
	}
}

// removeNamed removes objects by their names.
func removeNamed(ctx context.Context, list client.ObjectList, namespace string, which func(name string) bool) {
	GinkgoHelper()
	Expect(k.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
	Expect(meta.EachListItem(list, func(item runtime.Object) error {
		object := item.(client.Object)
		if !which(object.GetName()) {
			return nil
		}
		Expect(client.IgnoreNotFound(k.Delete(ctx, object))).To(Succeed())
		gone(ctx, object)
		return nil
	})).To(Succeed())
}

// wakeSecond starts the second cluster when a run that was killed has left something there: the operator
// does not remove what it cannot see.
func wakeSecond(ctx context.Context) {
	GinkgoHelper()
	var tenants v1alpha1.TenantList
	var cells v1alpha1.CellList
	Expect(k.List(ctx, &tenants)).To(Succeed(), "is the operator deployed? `make deploy` does it")
	Expect(k.List(ctx, &cells)).To(Succeed())
	there := false
	for _, t := range tenants.Items {
		there = there || isOurs(t.Name) && t.Spec.Cluster != nil
	}
	for _, c := range cells.Items {
		there = there || isOurs(c.Labels[desired.LabelTenant]) && c.Spec.Cluster != nil
	}
	if there {
		startSecond(ctx)
	}
}

// removeTenants removes tenants by their names, and their data: deleting a Tenant keeps it in a Binding, and
// in the cell that the tenant owned.
func removeTenants(ctx context.Context, which func(name string) bool) {
	GinkgoHelper()
	removeNamed(ctx, &v1alpha1.TenantList{}, "", which)
	for _, b := range bindings(ctx) {
		if which(b.Labels[desired.LabelTenant]) {
			Expect(client.IgnoreNotFound(k.Delete(ctx, &b))).To(Succeed())
		}
	}
	removeNamed(ctx, &corev1.SecretList{}, desired.CredentialsNamespace, which) // of a test that failed
	removeCells(ctx, func(c *v1alpha1.Cell) bool { return c.Spec.TenantID != "" && which(c.Labels[desired.LabelTenant]) })
}

// removeCells removes cells, and the data of those that a tenant owned. Any other has to be empty.
func removeCells(ctx context.Context, which func(*v1alpha1.Cell) bool) {
	GinkgoHelper()
	var cells v1alpha1.CellList
	Expect(k.List(ctx, &cells)).To(Succeed())
	for i := range cells.Items {
		c := &cells.Items[i]
		if !which(c) {
			continue
		}
		if c.Spec.TenantID != "" {
			_, err := kubectl(ctx, "", "annotate", "cell", c.Name, "--overwrite", v1alpha1.AnnotationDiscardData+"="+c.Spec.TenantID)
			Expect(err).NotTo(HaveOccurred())
		}
		Expect(client.IgnoreNotFound(k.Delete(ctx, c))).To(Succeed())
		gone(ctx, c)
	}
}
