// Package controllers is the operator: it turns Tenants, Cells and Plans into
// namespaces, walls, databases, keys, Bindings and runtimes.
package controllers

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/component/cell"
	"github.com/bulkhead-dev/bulkhead/controllers/component/tenant"
	"github.com/bulkhead-dev/bulkhead/controllers/configuration"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/nscache"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/clusters"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault"
)

// Options are what the operator is made of.
type Options struct {
	Config  configuration.Configuration
	Manager rbacv1.Subject // the operator's own identity
	Keys    vault.Keys
	Mounts  vault.Mounts
	Clock   Clock
}

const (
	workers = 8
	// reconciliationTimeout ends a reconcile that hangs.
	reconciliationTimeout = time.Minute
	firstRetry            = 50 * time.Millisecond
	lastRetry             = 30 * time.Second
)

// Reconcilers are the operator's loops. Tests call them directly.
type Reconcilers struct {
	Cell     *CellReconciler
	Tenant   *TenantReconciler
	Plan     *PlanReconciler
	Clusters *clusters.Clusters

	watches *watches
}

// New makes the reconcilers over a manager's clients and indexes its cache.
func New(ctx context.Context, mgr ctrl.Manager, options Options) (*Reconcilers, error) {
	if err := index(ctx, mgr.GetFieldIndexer()); err != nil {
		return nil, err
	}
	own, err := ownWritesClient(mgr)
	if err != nil {
		return nil, err
	}
	placements := &tenant.Placements{}
	w := newWatches(mgr.GetClient(), placements)
	all := newClusters(mgr, options, w, placements)
	hub := all.Hub()
	kinds := &KindWatch{Live: hub.Live}
	recorder := Recorder{mgr.GetEventRecorder("bulkhead")}
	applied := &appliers{recorder: recorder}
	return &Reconcilers{
		Cell: &CellReconciler{
			Client:   hub.Client,
			Clusters: all,
			Cluster:  cell.Cluster{Clusters: all, Mounts: options.Mounts, Probes: &component.Probes[vault.Mount]{}, Now: options.Clock},
			Config:   options.Config,
			Blockers: cell.Blockers{Hub: hub.Client, Claimants: tenant.Claimants, Placed: tenant.PlacedIn},
			Kinds:    kinds,
			Clock:    options.Clock,
			Appliers: applied,
		},
		Tenant: &TenantReconciler{
			Client: own,
			Parts: &tenant.Parts{
				Client:       hub.Client,
				Clusters:     all,
				Bindings:     &tenant.Bindings{Clusters: all, Placements: placements},
				Placements:   placements,
				Keys:         options.Keys,
				Probes:       &component.Probes[vault.Spec]{},
				Pending:      &tenant.Pending{},
				TransitMount: options.Config.Vault.TransitMount,
				Gateway:      options.Config.Gateway,
				Absences:     &tenant.Absences{},
				Applier:      applied.of,
			},
			Kinds:    kinds,
			Clock:    options.Clock,
			Recorder: recorder,
		},
		Plan:     &PlanReconciler{Client: hub.Client, Clock: options.Clock, Recorder: recorder},
		Clusters: all,
		watches:  w,
	}, nil
}

// ownWritesClient waits, when it reads an object, until the manager's cache has what
// it wrote itself. Nobody lists with it: a list waits for all writes of its kind.
func ownWritesClient(mgr ctrl.Manager) (client.Client, error) {
	return client.New(mgr.GetConfig(), client.Options{
		HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper(),
		Cache: &client.CacheOptions{Reader: mgr.GetCache(), EnableReadYourWritesConsistency: ptr.To(true)},
	})
}

// newClusters makes the hub from the manager, and what other clusters need.
// Places are given away on the hub only.
func newClusters(mgr ctrl.Manager, options Options, w *watches, placements *tenant.Placements) *clusters.Clusters {
	namespaces := nscache.Options{
		Scheme: mgr.GetScheme(), Indexed: &corev1.Secret{}, Keys: tenant.BindingKeys, Seen: func(string, string, bool) {}, Opened: w.opened,
	}
	onHub := namespaces
	onHub.Config, onHub.Mapper, onHub.Live, onHub.Seen = mgr.GetConfig(), mgr.GetRESTMapper(), mgr.GetAPIReader(), placements.Seen
	hub := &clusters.Cluster{
		Client:   mgr.GetClient(),
		Live:     mgr.GetAPIReader(),
		Caches:   nscache.New(onHub),
		Operator: options.Manager,
	}
	return clusters.New(hub, clusters.Options{
		Scheme:     mgr.GetScheme(),
		Cache:      CacheOptions,
		Client:     ClientOptions,
		Namespaces: namespaces,
		Connected:  w.connected,
		Wanted:     wanted(mgr.GetClient()),
		Changed:    w.clusterChanged,
	})
}

// wanted finds out whether anybody has use for a cell's cluster.
func wanted(hub client.Reader) func(context.Context, string) (bool, error) {
	return func(ctx context.Context, name string) (bool, error) {
		err := hub.Get(ctx, client.ObjectKey{Name: name}, &v1alpha1.Cell{})
		if !apierrors.IsNotFound(err) {
			return true, err
		}
		id, _ := desired.OwnerOfCell(name)
		claimants, err := tenant.Claimants(ctx, hub, id)
		return len(claimants) > 0, err
	}
}

// Setup adds the reconcilers to the manager, with what wakes them.
func Setup(ctx context.Context, mgr ctrl.Manager, options Options) error {
	r, err := New(ctx, mgr, options)
	if err != nil {
		return err
	}
	if err := r.Start(mgr); err != nil {
		return err
	}
	if err := r.watches.setup(mgr, r); err != nil {
		return fmt.Errorf("controllers: %w", err)
	}
	return nil
}

// Start has the manager keep the connections and the caches.
func (r *Reconcilers) Start(mgr ctrl.Manager) error {
	return errors.Join(mgr.Add(r.Clusters), mgr.Add(r.Clusters.Hub().Caches))
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

// index makes the indexes of the hub's cluster-wide cache.
func index(ctx context.Context, indexer client.FieldIndexer) error {
	var errs []error
	for field, value := range map[string]client.IndexerFunc{
		tenant.IndexTenantID:  tenant.IndexTenantByID,
		tenant.IndexReady:     tenant.IndexTenantByReady,
		tenant.IndexPlan:      tenant.IndexTenantByPlan,
		tenant.IndexUnplaced:  tenant.IndexTenantByUnplaced,
		tenant.IndexPlacement: tenant.IndexTenantByPlacement,
		tenant.IndexModelKey:  tenant.IndexTenantByModelKey,
	} {
		errs = append(errs, indexer.IndexField(ctx, &v1alpha1.Tenant{}, field, value))
	}
	for field, value := range map[string]client.IndexerFunc{
		clusters.IndexUID:     clusters.IndexCellByUID,
		tenant.IndexOwnerName: tenant.IndexCellByOwnerName,
		cell.IndexServedBy:    cell.IndexCellByServer,
	} {
		errs = append(errs, indexer.IndexField(ctx, &v1alpha1.Cell{}, field, value))
	}
	return errors.Join(errs...)
}
