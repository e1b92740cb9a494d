package envtest

import (
	"time"

	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

var _ = Describe("A cell", func() {
	It("migrates before the image rolls, and keeps the old one when it fails", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		image := func() string {
			var d appsv1.Deployment
			Expect(admin.Get(ctx, client.ObjectKey{Namespace: desired.RuntimeNamespace(s.world.cell), Name: "runtime"}, &d)).To(Succeed())
			return d.Spec.Template.Spec.Containers[0].Image
		}
		Expect(image()).To(Equal(imageA))

		By("a new image whose migration fails")
		s.world.failMigration, s.image = true, imageB
		s.restart()
		c := s.cellBecomes(ctx, v1alpha1.ConditionSchemaReady, metav1.ConditionFalse, v1alpha1.ReasonMigrationFailed)
		Expect(messageOf(c.Status.Conditions, v1alpha1.ConditionSchemaReady)).To(ContainSubstring("logs job/" + s.migrationJob(ctx).Name))
		Expect(image()).To(Equal(imageA))

		By("a second try, after the Job was deleted")
		s.world.failMigration = false
		job := s.migrationJob(ctx)
		Expect(admin.Delete(ctx, job, client.PropagationPolicy("Background"))).To(Succeed())
		s.cellBecomes(ctx, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(image()).To(Equal(imageB))
	})

	It("does not take an empty database for the one that it lost", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		migrated := s.migrationJob(ctx).Name
		lost := &cnpgv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: desired.DatabaseNamespace(s.world.cell), Name: desired.DatabaseCluster}}
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(lost), lost)).To(Succeed())
		Expect(admin.Delete(ctx, lost)).To(Succeed())
		c := s.cellBecomes(ctx, v1alpha1.ConditionDatabaseReady, metav1.ConditionFalse, v1alpha1.ReasonDatabaseGone)
		Expect(messageOf(c.Status.Conditions, v1alpha1.ConditionDatabaseReady)).To(ContainSubstring(v1alpha1.AnnotationReplaceDatabase + "=" + string(lost.UID)))
		Expect(apierrors.IsNotFound(admin.Get(ctx, client.ObjectKeyFromObject(lost), &cnpgv1.Cluster{}))).To(BeTrue())

		By("making a new one when told to, with the schema from the beginning")
		c.Annotations = map[string]string{v1alpha1.AnnotationReplaceDatabase: string(lost.UID)}
		Expect(admin.Update(ctx, c)).To(Succeed())
		c = s.cellBecomes(ctx, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		var made cnpgv1.Cluster
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(lost), &made)).To(Succeed())
		Expect(c.Status.DatabaseUID).To(Equal(string(made.UID)))
		Expect(s.migrationJob(ctx).Name).NotTo(Equal(migrated))
		Expect(c.Status.SchemaImage).To(Equal(imageA))

		By("asking again when that one is lost, too")
		Expect(admin.Delete(ctx, &made)).To(Succeed())
		s.cellBecomes(ctx, v1alpha1.ConditionDatabaseReady, metav1.ConditionFalse, v1alpha1.ReasonDatabaseGone)
	})

	It("copies the certificate of the database's authority and never its key", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		namespace := desired.RuntimeNamespace(s.world.cell)
		var secrets corev1.SecretList
		var configMaps corev1.ConfigMapList
		Expect(admin.List(ctx, &secrets, client.InNamespace(namespace))).To(Succeed())
		Expect(admin.List(ctx, &configMaps, client.InNamespace(namespace))).To(Succeed())
		for _, list := range []any{secrets.Items, configMaps.Items} {
			text, err := yaml.Marshal(list)
			Expect(err).NotTo(HaveOccurred())
			Expect(string(text)).NotTo(ContainSubstring("CANARY-CA-KEY"))
			Expect(string(text)).NotTo(ContainSubstring("Q0FOQVJZLUNBLUtFW")) // the same in base64
		}
	})

	It("rolls when it gets a certificate for HTTPS, and not when that is renewed", func(ctx SpecContext) {
		s := newScene(ctx)
		s.readyCell(ctx)
		namespace := desired.RuntimeNamespace(s.world.cell)
		template := func(g Gomega) map[string]string {
			var d appsv1.Deployment
			_, err := s.cell(ctx, s.world.cell)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: desired.RuntimeDeployment}, &d)).To(Succeed())
			return d.Spec.Template.Annotations
		}
		plain := template(Default)
		secret := &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: desired.TLSSecret},
			Type:       corev1.SecretTypeTLS,
			Data:       map[string][]byte{corev1.TLSCertKey: []byte("first"), corev1.TLSPrivateKeyKey: []byte("key")},
		}
		Expect(admin.Create(ctx, secret)).To(Succeed())
		Eventually(template).WithTimeout(patience).WithPolling(pace).ShouldNot(Equal(plain))
		served := template(Default)
		secret.Data[corev1.TLSCertKey] = []byte("renewed")
		Expect(admin.Update(ctx, secret)).To(Succeed())
		Consistently(template).WithTimeout(time.Second).WithPolling(pace).Should(Equal(served))
		Expect(admin.Delete(ctx, secret)).To(Succeed())
		Eventually(template).WithTimeout(patience).WithPolling(pace).Should(Equal(plain))
	})
})
