package cell

import (
	"context"
	"errors"

	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/apply"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/nscache"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/clusters"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// Every reconcile names these kinds, so they are made once.
var (
	runtimeKinds = []client.Object{
		&corev1.Secret{}, &corev1.ConfigMap{}, &corev1.Pod{}, &corev1.Service{}, &corev1.ServiceAccount{},
		&appsv1.Deployment{}, &autoscalingv2.HorizontalPodAutoscaler{}, &policyv1.PodDisruptionBudget{},
		&networkingv1.NetworkPolicy{}, &rbacv1.RoleBinding{}, &corev1.ResourceQuota{}, &corev1.LimitRange{},
	}
	databaseKinds = []client.Object{
		&corev1.Secret{}, &batchv1.Job{}, &networkingv1.NetworkPolicy{}, &rbacv1.RoleBinding{},
		&corev1.ResourceQuota{}, &corev1.LimitRange{},
	}
)

// RuntimeKinds are watched in a cell's runtime namespace.
func RuntimeKinds() []client.Object { return runtimeKinds }

// DatabaseKinds are watched in a cell's database namespace, besides CloudNativePG's.
func DatabaseKinds() []client.Object { return databaseKinds }

// Reader reads a cell's facts in the cluster in which the cell is.
type Reader struct{ *clusters.Cluster }

// Read reads everything that a run over the cell needs. The image is the one
// whose migrations are looked for.
func (r Reader) Read(ctx context.Context, cell *v1alpha1.Cell, image string) (Facts, error) {
	facts := Facts{Namespaces: map[string]*corev1.Namespace{}, RolePasswords: map[string]string{}, HasDatabaseOperator: true}
	if cell.Spec.Runtime != nil {
		if err := r.readRuntime(ctx, cell, &facts); err != nil {
			return facts, err
		}
	}
	if cell.Spec.Database != nil {
		if err := r.readDatabase(ctx, cell, &facts, image); err != nil {
			return facts, err
		}
	}
	return facts, nil
}

func (r Reader) readRuntime(ctx context.Context, cell *v1alpha1.Cell, facts *Facts) error {
	name := desired.RuntimeNamespace(cell.Name)
	reader, err := r.open(ctx, cell, name, facts, RuntimeKinds()...)
	if reader == nil || err != nil {
		return err
	}
	facts.Runtime = reader
	var secrets corev1.SecretList
	if err := reader.List(ctx, &secrets, client.UnsafeDisableDeepCopy); err != nil {
		return err
	}
	for i := range secrets.Items {
		if _, ok := desired.TenantOfBinding(secrets.Items[i].Name); ok {
			facts.Tenants++
		}
	}
	tls, err := get(ctx, reader, name, desired.TLSSecret, &corev1.Secret{})
	if err != nil {
		return err
	}
	facts.TLS = tls != nil && len(tls.Data[corev1.TLSCertKey]) > 0
	facts.Deployment, err = get(ctx, reader, name, desired.RuntimeDeployment, &appsv1.Deployment{})
	return err
}

func (r Reader) readDatabase(ctx context.Context, cell *v1alpha1.Cell, facts *Facts, image string) error {
	name := desired.DatabaseNamespace(cell.Name)
	reader, err := r.open(ctx, cell, name, facts, DatabaseKinds()...)
	if reader == nil || err != nil {
		return err
	}
	facts.Database = reader
	for _, secret := range []string{desired.RoleSecretApp, desired.RoleSecretLane} {
		s, err := get(ctx, reader, name, secret, &corev1.Secret{})
		if err != nil {
			return err
		}
		if s != nil {
			facts.RolePasswords[secret] = string(s.Data[corev1.BasicAuthPasswordKey])
		}
	}
	ca, err := get(ctx, reader, name, desired.DatabaseCASecret, &corev1.Secret{})
	if err != nil {
		return err
	}
	if ca != nil {
		facts.DatabaseCA = string(ca.Data[binding.FileCA])
	}
	if err := r.readCluster(ctx, cell, facts); err != nil {
		return err
	}
	facts.Migration, err = get(ctx, reader, name, desired.MigrationJob(image, facts.DatabaseUID), &batchv1.Job{})
	return err
}

func (r Reader) readCluster(ctx context.Context, cell *v1alpha1.Cell, facts *Facts) error {
	name := desired.DatabaseNamespace(cell.Name)
	facts.DatabaseUID = cell.Status.DatabaseUID
	_, err := r.Caches.Open(ctx, name, &cnpgv1.Cluster{}, &cnpgv1.ScheduledBackup{})
	if apply.IsMissingKind(err) {
		facts.HasDatabaseOperator = false
		return nil
	}
	if err != nil {
		if facts.refused(err) {
			return nil
		}
		return err
	}
	facts.Cluster, err = get(ctx, facts.Database, name, desired.DatabaseCluster, &cnpgv1.Cluster{})
	if facts.Cluster != nil {
		facts.DatabaseUID = string(facts.Cluster.UID)
	}
	return err
}

// open reads the namespace and, when it is the cell's by all that was recorded,
// opens its cache. Before the operator's access exists there is no reader.
func (r Reader) open(ctx context.Context, cell *v1alpha1.Cell, name string, facts *Facts, kinds ...client.Object) (client.Reader, error) {
	namespace, err := get(ctx, r.Client, "", name, &corev1.Namespace{})
	if err != nil {
		return nil, err
	}
	if namespace == nil {
		r.Caches.Close(name)
		return nil, nil
	}
	facts.Namespaces[name] = namespace
	if namespace.Labels[desired.LabelManagedBy] != desired.ManagedBy || namespace.Labels[desired.LabelCell] != cell.Name {
		return nil, nil
	}
	reader, err := r.Caches.Open(ctx, name, kinds...)
	if facts.refused(err) {
		return nil, nil
	}
	if apierrors.IsForbidden(err) {
		return nil, nil // the Namespaces component grants the access
	}
	return reader, err
}

// refused keeps, for the Namespaces component to tell, that a kind cannot be read.
func (f *Facts) refused(err error) bool {
	if unreadable := (*nscache.Unreadable)(nil); !errors.As(err, &unreadable) {
		return false
	}
	f.Unreadable = err
	return true
}

// get returns nil for an object that does not exist.
func get[T client.Object](ctx context.Context, reader client.Reader, namespace, name string, into T) (T, error) {
	var none T
	if err := reader.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, into); err != nil {
		return none, client.IgnoreNotFound(err)
	}
	return into, nil
}
