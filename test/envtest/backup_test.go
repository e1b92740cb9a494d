package envtest

import (
	"context"
	"time"

	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

var _ = Describe("A cell's backups", func() {
	It("that are refused are named, tried again without haste, and keep nobody from being served", func(ctx SpecContext) {
		s := newScene(ctx)
		namespace := desired.DatabaseNamespace(s.world.cell)
		allow := deny(ctx, denial{"no-backups", namespace, "postgresql.cnpg.io", "scheduledbackups", "CREATE"})
		s.cellWithBackups(ctx)
		c := s.cellBecomes(ctx, v1alpha1.ConditionBackupReady, metav1.ConditionFalse, v1alpha1.ReasonAdmissionDenied)
		Expect(messageOf(c.Status.Conditions, v1alpha1.ConditionBackupReady)).To(And(
			ContainSubstring("ScheduledBackup "+namespace+"/database"), ContainSubstring("no-backups")))
		s.cellBecomes(ctx, v1alpha1.ConditionRuntimeReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		s.readyTenant(ctx, "backup-a")
		s.clock.advance(time.Minute) // nothing else is looked at again
		Eventually(func(g Gomega) {
			result, err := s.cell(ctx, s.world.cell)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(result.RequeueAfter).To(BeNumerically(">=", time.Minute))
		}).WithTimeout(patience).WithPolling(pace).Should(Succeed())

		By("letting the operator through")
		allow()
		s.cellBecomes(ctx, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "database"}, &cnpgv1.ScheduledBackup{})).To(Succeed())
	})

	It("that fail are told, and are no condition any more without a schedule", func(ctx SpecContext) {
		s := newScene(ctx)
		s.cellWithBackups(ctx)
		c := s.cellBecomes(ctx, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(messageOf(c.Status.Conditions, v1alpha1.ConditionBackupReady)).To(Equal("no base backup was finished yet"))
		s.lastBackup(ctx, metav1.ConditionFalse, "LastBackupFailed", `admission webhook "snapshots.example.com" denied the request`)
		c = s.cellBecomes(ctx, v1alpha1.ConditionBackupReady, metav1.ConditionFalse, v1alpha1.ReasonBackupFailed)
		Expect(messageOf(c.Status.Conditions, v1alpha1.ConditionReady)).To(And(ContainSubstring("snapshots.example.com"), ContainSubstring("get backups")))
		s.readyTenant(ctx, "backup-b")
		s.lastBackup(ctx, metav1.ConditionTrue, "LastBackupSucceeded", "Backup was successful")
		c = s.cellBecomes(ctx, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)

		By("giving the schedule up")
		c.Spec.Database.Backup = nil
		Expect(admin.Update(ctx, c)).To(Succeed())
		s.pursue(ctx, func() bool {
			_, err := s.cell(ctx, c.Name)
			Expect(err).NotTo(HaveOccurred())
			Expect(admin.Get(ctx, client.ObjectKeyFromObject(c), c)).To(Succeed())
			scheduled := &cnpgv1.ScheduledBackup{ObjectMeta: metav1.ObjectMeta{Namespace: desired.DatabaseNamespace(c.Name), Name: "database"}}
			return stateOf(c.Status.Conditions, v1alpha1.ConditionBackupReady) == "absent" && gone(ctx, scheduled)
		})
	})
})

func (s *scene) cellWithBackups(ctx context.Context) {
	GinkgoHelper()
	c := s.newCell(s.world.cell)
	c.Spec.Database.Backup = &v1alpha1.BackupSchedule{Schedule: "0 0 3 * * *", Method: v1alpha1.BackupVolumeSnapshot}
	Expect(admin.Create(ctx, c)).To(Succeed())
}

// lastBackup has CloudNativePG say how the last base backup ended.
func (s *scene) lastBackup(ctx context.Context, status metav1.ConditionStatus, reason, message string) {
	GinkgoHelper()
	var cluster cnpgv1.Cluster
	Expect(admin.Get(ctx, client.ObjectKey{Namespace: desired.DatabaseNamespace(s.world.cell), Name: desired.DatabaseCluster}, &cluster)).To(Succeed())
	meta.SetStatusCondition(&cluster.Status.Conditions, metav1.Condition{Type: string(cnpgv1.ConditionBackup), Status: status, Reason: reason, Message: message})
	Expect(admin.Status().Update(ctx, &cluster)).To(Succeed())
}
