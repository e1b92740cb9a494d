package envtest

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

var _ = Describe("A cluster without CloudNativePG", Serial, func() {
	It("is named in the cell's and the tenant's condition, until it is installed", func(ctx SpecContext) {
		clusters := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: "clusters.postgresql.cnpg.io"}}
		Expect(admin.Delete(ctx, clusters)).To(Succeed())
		Eventually(func() bool { return gone(ctx, clusters) }).WithTimeout(patience).Should(BeTrue())

		s := newScene(ctx)
		s.world.withoutDatabase = true
		Expect(admin.Create(ctx, s.newCell(s.world.cell))).To(Succeed())
		c := s.cellBecomes(ctx, v1alpha1.ConditionDatabaseReady, metav1.ConditionFalse, v1alpha1.ReasonDatabaseOperatorMissing)
		Expect(messageOf(c.Status.Conditions, v1alpha1.ConditionDatabaseReady)).To(ContainSubstring("clusters.postgresql.cnpg.io"))
		Expect(admin.Create(ctx, s.newTenant("nocnpg-a"))).To(Succeed())
		s.tenantBecomes(ctx, "nocnpg-a", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonDatabaseOperatorMissing)

		By("installing it")
		_, err := envtest.InstallCRDs(adminConfig, envtest.CRDInstallOptions{Paths: cnpgCRDs(ctx), ErrorIfPathMissing: true})
		Expect(err).NotTo(HaveOccurred())
		s.world.withoutDatabase = false
		s.cellBecomes(ctx, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		s.tenantBecomes(ctx, "nocnpg-a", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	})
})
