// Package understudy plays, for one cell, what a bare control plane lacks:
// CloudNativePG, the controllers of quotas, Jobs and Deployments and the kubelet.
// It does in the open what they would report, so that a cell can become Ready.
package understudy

import (
	"context"
	"errors"

	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// Database reports the cell's PostgreSQL as running, as CloudNativePG does, with
// the certificate of an authority in PEM.
func Database(ctx context.Context, c client.Client, cell, ca string) error {
	namespace := desired.DatabaseNamespace(cell)
	var cluster cnpgv1.Cluster
	err := c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: desired.DatabaseCluster}, &cluster)
	if err != nil {
		return client.IgnoreNotFound(err)
	}
	if cluster.Status.Phase != "" {
		return sleep(ctx, c, &cluster)
	}
	if err := create(ctx, c, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: desired.DatabaseCASecret},
		StringData: map[string]string{binding.FileCA: ca, "ca.key": "CANARY-CA-KEY"},
	}); err != nil {
		return err
	}
	cluster.Status.Phase = cnpgv1.PhaseHealthy
	cluster.Status.ReadyInstances = 1
	cluster.Status.CurrentPrimary, cluster.Status.TargetPrimary = "database-1", "database-1"
	cluster.Status.ManagedRolesStatus.ByStatus = map[cnpgv1.RoleStatus][]string{
		cnpgv1.RoleStatusReconciled: {binding.RoleApp, binding.RoleLane},
	}
	return c.Status().Update(ctx, &cluster)
}

// hibernation is both the annotation that tells CloudNativePG to put a database to
// sleep and the condition by which it says how far it is.
const hibernation = "cnpg.io/hibernation"

// sleep puts a database to sleep, and wakes it.
func sleep(ctx context.Context, c client.Client, cluster *cnpgv1.Cluster) error {
	told, sleeps := cluster.Annotations[hibernation] == "on", meta.IsStatusConditionTrue(cluster.Status.Conditions, hibernation)
	switch {
	case told == sleeps:
		return nil
	case told:
		cluster.Status.ReadyInstances = 0
		meta.SetStatusCondition(&cluster.Status.Conditions, metav1.Condition{
			Type: hibernation, Status: metav1.ConditionTrue, Reason: "Hibernated", Message: "Cluster has been hibernated",
		})
	default:
		cluster.Status.ReadyInstances = 1
		meta.RemoveStatusCondition(&cluster.Status.Conditions, hibernation)
	}
	return c.Status().Update(ctx, cluster)
}

// Quotas brings the cell's ResourceQuotas into force: the API server enforces and
// counts by itself what the controller of quotas has once put into their status.
func Quotas(ctx context.Context, c client.Client, cell string) error {
	var problems error
	for _, namespace := range []string{desired.RuntimeNamespace(cell), desired.DatabaseNamespace(cell)} {
		var quotas corev1.ResourceQuotaList
		if err := c.List(ctx, &quotas, client.InNamespace(namespace)); err != nil {
			return err
		}
		for i := range quotas.Items {
			problems = errors.Join(problems, enforce(ctx, c, &quotas.Items[i]))
		}
	}
	return problems
}

// enforce begins to count at what there is of the kinds that tenants add to.
func enforce(ctx context.Context, c client.Client, quota *corev1.ResourceQuota) error {
	if len(quota.Status.Hard) > 0 {
		return nil
	}
	var secrets corev1.SecretList
	if err := c.List(ctx, &secrets, client.InNamespace(quota.Namespace)); err != nil {
		return err
	}
	quota.Status = corev1.ResourceQuotaStatus{Hard: quota.Spec.Hard, Used: corev1.ResourceList{}}
	for name := range quota.Spec.Hard {
		quota.Status.Used[name] = resource.MustParse("0")
	}
	quota.Status.Used["count/secrets"] = *resource.NewQuantity(int64(len(secrets.Items)), resource.DecimalSI)
	return c.Status().Update(ctx, quota)
}

// Migrations ends the cell's Jobs that have not ended: well, or as failed.
func Migrations(ctx context.Context, c client.Client, cell string, failed bool) error {
	var jobs batchv1.JobList
	if err := c.List(ctx, &jobs, client.InNamespace(desired.DatabaseNamespace(cell))); err != nil {
		return err
	}
	var problems error
	for i := range jobs.Items {
		job := &jobs.Items[i]
		if len(job.Status.Conditions) > 0 || job.DeletionTimestamp != nil {
			continue
		}
		end(job, failed)
		problems = errors.Join(problems, c.Status().Update(ctx, job))
	}
	return problems
}

func end(job *batchv1.Job, failed bool) {
	now := metav1.Now()
	job.Status.StartTime = &now
	first, last := batchv1.JobFailureTarget, batchv1.JobFailed
	if !failed {
		first, last = batchv1.JobSuccessCriteriaMet, batchv1.JobComplete
		job.Status.CompletionTime, job.Status.Succeeded = &now, 1
	}
	job.Status.Conditions = []batchv1.JobCondition{
		{Type: first, Status: corev1.ConditionTrue, LastTransitionTime: now},
		{Type: last, Status: corev1.ConditionTrue, LastTransitionTime: now},
	}
}

// Deployment reports the current version of the cell's runtime as rolled out,
// on the given pods.
func Deployment(ctx context.Context, c client.Client, cell string, pods ...string) error {
	var d appsv1.Deployment
	err := c.Get(ctx, client.ObjectKey{Namespace: desired.RuntimeNamespace(cell), Name: desired.RuntimeDeployment}, &d)
	if err != nil || d.Status.ObservedGeneration == d.Generation {
		return client.IgnoreNotFound(err)
	}
	n := ptr.Deref(d.Spec.Replicas, 1)
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: n, UpdatedReplicas: n, AvailableReplicas: n, ReadyReplicas: n}
	problems := c.Status().Update(ctx, &d)
	for _, name := range pods {
		problems = errors.Join(problems, pod(ctx, c, &d, name))
	}
	return problems
}

// pod makes a Ready pod as the Deployment's template says.
func pod(ctx context.Context, c client.Client, d *appsv1.Deployment, name string) error {
	made := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: d.Namespace, Name: name, Labels: d.Spec.Template.Labels},
		Spec:       *d.Spec.Template.Spec.DeepCopy(),
	}
	if err := create(ctx, c, made); err != nil {
		return err
	}
	if err := c.Get(ctx, client.ObjectKeyFromObject(made), made); err != nil {
		return err
	}
	made.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	return c.Status().Update(ctx, made)
}

// create makes an object that may be there already.
func create(ctx context.Context, c client.Client, object client.Object) error {
	if err := c.Create(ctx, object); !apierrors.IsAlreadyExists(err) {
		return err
	}
	return nil
}
