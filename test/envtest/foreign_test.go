package envtest

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

var _ = Describe("What is not ours", func() {
	It("is refused as a namespace until a human adopts it by its UID", func(ctx SpecContext) {
		s := newScene(ctx)
		name := desired.RuntimeNamespace(s.world.cell)
		foreign := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"team": "payments"}}}
		Expect(admin.Create(ctx, foreign)).To(Succeed())
		Expect(admin.Create(ctx, s.newCell(s.world.cell))).To(Succeed())
		c := s.cellBecomes(ctx, v1alpha1.ConditionNamespacesReady, metav1.ConditionFalse, v1alpha1.ReasonForeignNamespace)
		adoption := name + "=" + string(foreign.UID)
		Expect(messageOf(c.Status.Conditions, v1alpha1.ConditionNamespacesReady)).To(ContainSubstring(adoption))

		By("having left it as it was")
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(foreign), foreign)).To(Succeed())
		Expect(foreign.Labels).NotTo(HaveKey(desired.LabelManagedBy))

		By("taking it over when told to")
		c.Annotations = map[string]string{v1alpha1.AnnotationAdoptNamespaces: adoption}
		Expect(admin.Update(ctx, c)).To(Succeed())
		s.cellBecomes(ctx, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(foreign), foreign)).To(Succeed())
		Expect(foreign.Labels).To(HaveKeyWithValue("team", "payments"))
		Expect(foreign.Labels).To(HaveKeyWithValue("pod-security.kubernetes.io/enforce", "restricted"))
	})

	It("is refused as an object", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: desired.RuntimeNamespace(s.world.cell), Name: "runtime"}}
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(service), service)).To(Succeed())
		delete(service.Labels, desired.LabelManagedBy)
		Expect(admin.Update(ctx, service)).To(Succeed())
		c := s.cellBecomes(ctx, v1alpha1.ConditionRuntimeReady, metav1.ConditionFalse, v1alpha1.ReasonForeignObject)
		Expect(messageOf(c.Status.Conditions, v1alpha1.ConditionRuntimeReady)).To(ContainSubstring("Service " + service.Namespace + "/runtime: exists and was not made by bulkhead"))
	})

	It("is refused as a credential", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		Expect(admin.Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: desired.CredentialsNamespace, Name: "foreign-a"}})).To(Succeed())
		Expect(admin.Create(ctx, s.newTenant("foreign-a"))).To(Succeed())
		s.tenantBecomes(ctx, "foreign-a", v1alpha1.ConditionCredentialReady, metav1.ConditionFalse, v1alpha1.ReasonForeignObject)
	})

	It("cannot pretend to be ours, nor be touched by us", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		var namespace corev1.Namespace
		Expect(admin.Get(ctx, client.ObjectKey{Name: desired.RuntimeNamespace(s.world.cell)}, &namespace)).To(Succeed())

		By("a user who moves the labels of a cell's namespace")
		for label, value := range map[string]string{desired.LabelCell: "other", "pod-security.kubernetes.io/enforce": "privileged", desired.LabelManagedBy: "me"} {
			changed := namespace.DeepCopy()
			changed.Labels[label] = value
			Expect(apierrors.IsForbidden(admin.Update(ctx, changed))).To(BeTrue(), label)
			Expect(apierrors.IsForbidden(admin.Status().Update(ctx, changed))).To(BeTrue(), "%s by the status", label)
			delete(changed.Labels, label)
			Expect(apierrors.IsForbidden(admin.Update(ctx, changed))).To(BeTrue(), "without %s", label)
		}
		hijack := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "bulkhead-hijack", Labels: map[string]string{desired.LabelCell: "x"}}}
		Expect(apierrors.IsForbidden(admin.Create(ctx, hijack))).To(BeTrue())

		By("a user who labels a namespace of his own as he likes")
		own := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "own-" + s.world.cell, Labels: map[string]string{"pod-security.kubernetes.io/enforce": "baseline"}}}
		Expect(admin.Create(ctx, own)).To(Succeed())

		By("the operator's token outside of bulkhead-*")
		operator := s.operatorClient()
		Expect(apierrors.IsForbidden(operator.Delete(ctx, own))).To(BeTrue())
		Expect(apierrors.IsForbidden(operator.Create(ctx, roleBindingIn("kube-system")))).To(BeTrue())
		Expect(apierrors.IsForbidden(operator.Create(ctx, roleBindingIn(desired.SystemNamespace)))).To(BeTrue())
		Expect(apierrors.IsForbidden(operator.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "elsewhere"}}))).To(BeTrue())
		Expect(apierrors.IsForbidden(operator.List(ctx, &corev1.SecretList{}, client.InNamespace("default")))).To(BeTrue())
		Expect(apierrors.IsForbidden(operator.List(ctx, &corev1.SecretList{}))).To(BeTrue())
		Expect(operator.List(ctx, &corev1.SecretList{}, client.InNamespace(namespace.Name))).To(Succeed())
	})
})

var _ = Describe("The admission policies", func() {
	It("freeze nobody's namespaces when the installation is gone, and go on protecting the cells'", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		Expect(admin.DeleteAllOf(ctx, &corev1.ConfigMap{}, client.InNamespace(desired.SystemNamespace))).To(Succeed())
		name := "unfrozen-" + s.world.cell
		Consistently(func(g Gomega) { // the API server takes note of a lost parameter in its own time
			foreign := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: name + "-"}}
			g.Expect(admin.Create(ctx, foreign)).To(Succeed())
			g.Expect(admin.Create(ctx, roleBindingIn(foreign.Name))).To(Succeed())
			foreign.Labels["team"] = "payments"
			g.Expect(admin.Update(ctx, foreign)).To(Succeed())
			g.Expect(admin.Delete(ctx, foreign)).To(Succeed())
			s.finish(ctx, foreign.Name)
		}).WithTimeout(2 * time.Second).WithPolling(200 * time.Millisecond).Should(Succeed())

		var ours corev1.Namespace
		Expect(admin.Get(ctx, client.ObjectKey{Name: desired.RuntimeNamespace(s.world.cell)}, &ours)).To(Succeed())
		ours.Labels[desired.LabelCell] = "other"
		Expect(apierrors.IsForbidden(admin.Update(ctx, &ours))).To(BeTrue())
		Expect(apierrors.IsForbidden(s.operatorClient().Create(ctx, roleBindingIn("kube-system")))).To(BeTrue())
	})
})
