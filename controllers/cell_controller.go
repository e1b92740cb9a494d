package controllers

import (
	"context"
	"errors"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/apply"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/component/cell"
	"github.com/bulkhead-dev/bulkhead/controllers/configuration"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// Finalizer holds back a Tenant's or a Cell's deletion until its parts are in order.
const Finalizer = "bulkhead.dev/finalizer"

// loadInterval is how often at most a cell's number of tenants is written.
const loadInterval = 5 * time.Second

// CellReconciler brings about the namespaces, the database and the runtime of cells.
type CellReconciler struct {
	Client  client.Client
	Facts   cell.Reader
	Applier *apply.Applier
	Config  configuration.Configuration
	Manager rbacv1.Subject
	Kinds   *KindWatch
	Clock   Clock

	loads loadWriter
}

// Reconcile implements reconcile.Reconciler.
func (r *CellReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var c v1alpha1.Cell
	if err := r.Client.Get(ctx, request.NamespacedName, &c); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	before := c.DeepCopy()
	if !c.DeletionTimestamp.IsZero() {
		return r.finalize(ctx, before, &c)
	}
	if controllerutil.AddFinalizer(&c, Finalizer) {
		if err := r.Client.Patch(ctx, &c, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
			return ctrl.Result{}, err
		}
		before = c.DeepCopy()
	}
	scope, err := r.read(ctx, &c)
	if err != nil {
		return ctrl.Result{}, err
	}
	run := component.Run(ctx, scope, cell.Components())
	if err := r.prune(ctx, scope); err != nil {
		return ctrl.Result{}, err
	}
	c.Status.ObservedGeneration = c.Generation
	component.SetConditions(&c.Status.Conditions, c.Generation, run)
	run.After = smallest(run.After, r.loads.due(&c, scope.Facts.Tenants, r.Clock()))
	return finish(ctx, r.Client, before, &c, run)
}

// read gathers the facts and computes what should be.
func (r *CellReconciler) read(ctx context.Context, c *v1alpha1.Cell) (*cell.Scope, error) {
	facts, err := r.Facts.Read(ctx, c)
	if err != nil {
		return nil, err
	}
	addresses, err := r.apiServer(ctx)
	if err != nil {
		return nil, err
	}
	image, err := r.runtimeImage(ctx, c, &facts)
	if err != nil {
		return nil, err
	}
	set, err := desired.Cell(desired.CellInput{
		Cell:         c,
		Config:       r.Config,
		Manager:      r.Manager,
		APIServer:    addresses,
		DatabaseCA:   facts.DatabaseCA,
		AppPassword:  facts.RolePasswords[desired.RoleSecretApp],
		LanePassword: facts.RolePasswords[desired.RoleSecretLane],
		RuntimeImage: image,
	})
	return &cell.Scope{Cell: c, Facts: facts, Set: set, Applier: r.Applier}, err
}

// runtimeImage is the configured image once its migrations are done, else the
// one that runs.
func (r *CellReconciler) runtimeImage(ctx context.Context, c *v1alpha1.Cell, facts *cell.Facts) (string, error) {
	if c.Spec.Database == nil {
		return r.Config.Images.Runtime, nil
	}
	if facts.Database != nil {
		var job batchv1.Job
		key := client.ObjectKey{Namespace: desired.DatabaseNamespace(c.Name), Name: desired.MigrationJob(r.Config.Images.Runtime)}
		if err := facts.Database.Get(ctx, key, &job); client.IgnoreNotFound(err) != nil {
			return "", err
		} else if err == nil {
			facts.Migration = &job
		}
	}
	if cell.Finished(facts.Migration, batchv1.JobComplete) {
		return r.Config.Images.Runtime, nil
	}
	if facts.Deployment != nil && len(facts.Deployment.Spec.Template.Spec.Containers) > 0 {
		return facts.Deployment.Spec.Template.Spec.Containers[0].Image, nil
	}
	return "", nil
}

// apiServer returns the addresses behind the Service "kubernetes".
func (r *CellReconciler) apiServer(ctx context.Context) ([]desired.Address, error) {
	var slices discoveryv1.EndpointSliceList
	err := r.Client.List(ctx, &slices, client.InNamespace(corev1.NamespaceDefault), client.MatchingLabels{discoveryv1.LabelServiceName: "kubernetes"})
	if err != nil {
		return nil, err
	}
	var addresses []desired.Address
	for _, slice := range slices.Items {
		for _, endpoint := range slice.Endpoints {
			for _, port := range slice.Ports {
				for _, ip := range endpoint.Addresses {
					addresses = append(addresses, desired.Address{IP: ip, Port: ptr.Deref(port.Port, 443)})
				}
			}
		}
	}
	if len(addresses) == 0 { // walls without them would cut every pod off
		return nil, errors.New("the Service default/kubernetes has no addresses")
	}
	return desired.SortAddresses(addresses), nil
}
