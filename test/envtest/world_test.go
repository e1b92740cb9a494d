package envtest

import (
	"context"
	"os"
	"time"

	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"
	"github.com/google/uuid"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
)

// world plays, for one cell, what envtest lacks: CloudNativePG, the Job and
// Deployment controllers, the kubelet and the runtime's acknowledgements.
type world struct {
	cell string
	// api is the cluster in which the cell is.
	api client.Client
	// key is what the runtime says of every tenant's key.
	key binding.KeyState
	// silent keeps the runtime from acknowledging.
	silent bool
	// failMigration makes the migration Job fail.
	failMigration bool
	// withoutDatabase means that CloudNativePG is not installed.
	withoutDatabase bool
	// gateway judges routes; nil for nobody.
	gateway *gateway
}

// turn lets the world do whatever is due.
func (w *world) turn(ctx context.Context) {
	if !w.withoutDatabase {
		w.database(ctx)
	}
	w.migration(ctx)
	w.deployment(ctx)
	if !w.silent {
		w.acknowledge(ctx)
	}
	if w.gateway != nil {
		w.gateway.judge(ctx, desired.RuntimeNamespace(w.cell))
	}
}

func (w *world) database(ctx context.Context) {
	namespace := desired.DatabaseNamespace(w.cell)
	var cluster cnpgv1.Cluster
	err := w.api.Get(ctx, client.ObjectKey{Namespace: namespace, Name: desired.DatabaseCluster}, &cluster)
	if apierrors.IsNotFound(err) || cluster.Status.Phase != "" {
		return
	}
	Expect(err).NotTo(HaveOccurred())
	w.create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: desired.DatabaseCASecret},
		StringData: map[string]string{binding.FileCA: authority(), "ca.key": "CANARY-CA-KEY"},
	})
	cluster.Status.Phase = cnpgv1.PhaseHealthy
	cluster.Status.ReadyInstances = 1
	cluster.Status.CurrentPrimary, cluster.Status.TargetPrimary = "database-1", "database-1"
	cluster.Status.ManagedRolesStatus.ByStatus = map[cnpgv1.RoleStatus][]string{
		cnpgv1.RoleStatusReconciled: {binding.RoleApp, binding.RoleLane},
	}
	Expect(w.api.Status().Update(ctx, &cluster)).To(Succeed())
}

// authority is the certificate of an authority, as CloudNativePG makes one.
func authority() string {
	text, err := os.ReadFile(fixture.NewCA(GinkgoTB()))
	Expect(err).NotTo(HaveOccurred())
	return string(text)
}

func (w *world) migration(ctx context.Context) {
	var jobs batchv1.JobList
	Expect(w.api.List(ctx, &jobs, client.InNamespace(desired.DatabaseNamespace(w.cell)))).To(Succeed())
	for i := range jobs.Items {
		job := &jobs.Items[i]
		if len(job.Status.Conditions) > 0 || job.DeletionTimestamp != nil {
			continue
		}
		now := metav1.Now()
		job.Status.StartTime = &now
		if w.failMigration {
			job.Status.Conditions = []batchv1.JobCondition{
				{Type: batchv1.JobFailureTarget, Status: corev1.ConditionTrue, LastTransitionTime: now},
				{Type: batchv1.JobFailed, Status: corev1.ConditionTrue, LastTransitionTime: now},
			}
		} else {
			job.Status.CompletionTime = &now
			job.Status.Succeeded = 1
			job.Status.Conditions = []batchv1.JobCondition{
				{Type: batchv1.JobSuccessCriteriaMet, Status: corev1.ConditionTrue, LastTransitionTime: now},
				{Type: batchv1.JobComplete, Status: corev1.ConditionTrue, LastTransitionTime: now},
			}
		}
		Expect(w.api.Status().Update(ctx, job)).To(Succeed())
	}
}

func (w *world) deployment(ctx context.Context) {
	var d appsv1.Deployment
	err := w.api.Get(ctx, client.ObjectKey{Namespace: desired.RuntimeNamespace(w.cell), Name: desired.RuntimeDeployment}, &d)
	if apierrors.IsNotFound(err) || d.Status.ObservedGeneration == d.Generation {
		return
	}
	Expect(err).NotTo(HaveOccurred())
	n := ptr.Deref(d.Spec.Replicas, 1)
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: n, UpdatedReplicas: n, AvailableReplicas: n, ReadyReplicas: n}
	Expect(w.api.Status().Update(ctx, &d)).To(Succeed())
	for _, name := range []string{"runtime-a", "runtime-b"} {
		w.pod(ctx, &d, name)
	}
}

func (w *world) pod(ctx context.Context, d *appsv1.Deployment, name string) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: d.Namespace, Name: name, Labels: d.Spec.Template.Labels},
		Spec:       *d.Spec.Template.Spec.DeepCopy(),
	}
	w.create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: d.Namespace, Name: "default"}})
	w.create(ctx, pod)
	Expect(w.api.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	Expect(w.api.Status().Update(ctx, pod)).To(Succeed())
}

// acknowledge writes what every Ready pod says of every Binding.
func (w *world) acknowledge(ctx context.Context) {
	namespace := desired.RuntimeNamespace(w.cell)
	var bindings corev1.SecretList
	Expect(w.api.List(ctx, &bindings, client.InNamespace(namespace), client.MatchingLabels{binding.LabelKind: binding.KindBinding})).To(Succeed())
	acks := map[uuid.UUID]binding.Acknowledgement{}
	for _, secret := range bindings.Items {
		b, err := binding.Decode(secret.Data[binding.SecretKey])
		if err != nil {
			continue // the runtime keeps the last good one
		}
		acks[b.Tenant.ID] = binding.Acknowledgement{Revision: binding.Revision(secret.Data[binding.SecretKey]), Key: w.key}
	}
	data, err := binding.EncodeAcks(acks)
	Expect(err).NotTo(HaveOccurred())
	var pods corev1.PodList
	Expect(w.api.List(ctx, &pods, client.InNamespace(namespace))).To(Succeed())
	for i := range pods.Items {
		w.writeAcks(ctx, &pods.Items[i], data)
	}
}

func (w *world) writeAcks(ctx context.Context, pod *corev1.Pod, data map[string]string) {
	acks := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: pod.Namespace, Name: binding.AckNamePrefix + pod.Name,
			Labels:          map[string]string{binding.LabelKind: binding.KindAck},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID}},
		},
		Data: data,
	}
	if err := w.api.Create(ctx, acks); !apierrors.IsAlreadyExists(err) {
		Expect(err).NotTo(HaveOccurred())
		return
	}
	Expect(w.api.Update(ctx, acks)).To(Succeed())
}

// create makes an object that may be there already.
func create(ctx context.Context, object client.Object) { createIn(ctx, admin, object) }

func (w *world) create(ctx context.Context, object client.Object) { createIn(ctx, w.api, object) }

func createIn(ctx context.Context, api client.Client, object client.Object) {
	if err := api.Create(ctx, object); !apierrors.IsAlreadyExists(err) {
		ExpectWithOffset(2, err).NotTo(HaveOccurred())
	}
}

// patience bounds how long a condition may take to come true; pace is how often
// it is looked at.
const (
	patience = 20 * time.Second
	pace     = 10 * time.Millisecond
)
