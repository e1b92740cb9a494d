// Package controllers is the operator: it turns Tenants, Cells and Plans into
// namespaces, walls, databases, keys, Bindings and runtimes.
package controllers

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/apply"
	"github.com/bulkhead-dev/bulkhead/controllers/component/cell"
	"github.com/bulkhead-dev/bulkhead/controllers/component/tenant"
	"github.com/bulkhead-dev/bulkhead/controllers/configuration"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/nscache"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault"
)

// Options are what the operator is made of.
type Options struct {
	Config  configuration.Configuration
	Manager rbacv1.Subject // the operator's own identity
	Keys    vault.Keys
	Clock   Clock
}

const (
	workers = 8
	// reconciliationTimeout ends a reconcile that hangs.
	reconciliationTimeout = time.Minute
	firstRetry            = 50 * time.Millisecond
	lastRetry             = 30 * time.Second
)

// Reconcilers are the operator's two loops. Tests call them directly.
type Reconcilers struct {
	Cell   *CellReconciler
	Tenant *TenantReconciler
	Caches *nscache.Caches

	watches *watches
}

// New makes the reconcilers over a manager's clients and indexes its cache.
func New(ctx context.Context, mgr ctrl.Manager, options Options) (*Reconcilers, error) {
	if err := indexTenants(ctx, mgr.GetFieldIndexer()); err != nil {
		return nil, err
	}
	live := mgr.GetAPIReader()
	w := &watches{tenants: mgr.GetClient()}
	caches := nscache.New(nscache.Options{
		Config: mgr.GetConfig(),
		Scheme: mgr.GetScheme(),
		Mapper: mgr.GetRESTMapper(),
		Live:   live,
		Index:  indexSecrets,
		Opened: w.opened,
	})
	kinds := &KindWatch{Live: live}
	applier := &apply.Applier{Client: mgr.GetClient(), Live: live, Owned: owned}
	return &Reconcilers{
		Cell: &CellReconciler{
			Client:  mgr.GetClient(),
			Facts:   cell.Reader{Cluster: mgr.GetClient(), Caches: caches},
			Applier: applier,
			Config:  options.Config,
			Manager: options.Manager,
			Kinds:   kinds,
			Clock:   options.Clock,
		},
		Tenant: &TenantReconciler{
			Client: mgr.GetClient(),
			Parts: &tenant.Parts{
				Client:       mgr.GetClient(),
				Live:         live,
				Bindings:     &tenant.Bindings{Cluster: mgr.GetClient(), Caches: caches},
				Placements:   &tenant.Placements{},
				Keys:         options.Keys,
				Probes:       &tenant.Probes{},
				Pending:      &tenant.Pending{},
				TransitMount: options.Config.Vault.TransitMount,
			},
			Kinds:    kinds,
			Clock:    options.Clock,
			Recorder: Recorder{mgr.GetEventRecorder("bulkhead")},
		},
		Caches:  caches,
		watches: w,
	}, nil
}

// Setup adds the reconcilers to the manager, with what wakes them.
func Setup(ctx context.Context, mgr ctrl.Manager, options Options) error {
	r, err := New(ctx, mgr, options)
	if err != nil {
		return err
	}
	if err := mgr.Add(r.Caches); err != nil {
		return err
	}
	if err := r.watches.setup(mgr, r); err != nil {
		return fmt.Errorf("controllers: %w", err)
	}
	return nil
}

func controllerOptions() controller.Options {
	return controller.Options{
		MaxConcurrentReconciles: workers,
		ReconciliationTimeout:   reconciliationTimeout,
		RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry),
	}
}

// owned reports whether an object's labels say that it is ours. It is asked
// only of objects in namespaces whose ownership was proven by UID.
func owned(labels map[string]string) bool {
	return labels[desired.LabelManagedBy] == desired.ManagedBy
}

func indexTenants(ctx context.Context, indexer client.FieldIndexer) error {
	for field, value := range map[string]client.IndexerFunc{
		tenant.IndexTenantID: tenant.IndexTenantByID,
		tenant.IndexReady:    tenant.IndexTenantByReady,
		tenant.IndexPlan:     tenant.IndexTenantByPlan,
	} {
		if err := indexer.IndexField(ctx, &v1alpha1.Tenant{}, field, value); err != nil {
			return err
		}
	}
	return nil
}

func indexSecrets(ctx context.Context, indexer client.FieldIndexer) error {
	return indexer.IndexField(ctx, &corev1.Secret{}, tenant.IndexTenantName, tenant.IndexSecretByTenantName)
}
