package controllers

import (
	"context"
	"errors"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/component/cell"
	"github.com/bulkhead-dev/bulkhead/controllers/configuration"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/clusters"
)

// CellReconciler brings about the namespaces, the database and the runtime of cells.
type CellReconciler struct {
	Client   client.Client // of the hub, where Cells are
	Clusters *clusters.Clusters
	Cluster  cell.Cluster
	Blockers cell.Blockers
	Config   configuration.Configuration
	Kinds    *KindWatch
	Clock    Clock
	Appliers *appliers

	loads    loadWriter
	settling cell.Settling
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
	run, err := r.bringAbout(ctx, &c)
	if err != nil {
		return ctrl.Result{}, err
	}
	return r.conclude(ctx, before, &c, run)
}

// bringAbout runs the cell's parts.
func (r *CellReconciler) bringAbout(ctx context.Context, c *v1alpha1.Cell) (component.Result, error) {
	scope, err := r.read(ctx, c)
	if err != nil {
		return component.Result{}, err
	}
	run := component.Run(ctx, scope, cell.Components(c, r.Cluster))
	if scope.Cluster != nil {
		if err := r.prune(ctx, scope); err != nil {
			return run, err
		}
		run.After = smallest(run.After, r.loads.due(c, scope.Facts.Tenants, r.Clock()))
	}
	return run, nil
}

// conclude writes what a run came to.
func (r *CellReconciler) conclude(ctx context.Context, before, c *v1alpha1.Cell, run component.Result) (ctrl.Result, error) {
	c.Status.ObservedGeneration = c.Generation
	component.SetConditions(&c.Status.Conditions, c.Generation, run)
	return finish(ctx, r.Client, before, c, run)
}

// read gathers the facts and computes what should be. Of a cluster that cannot
// be worked with there are none.
func (r *CellReconciler) read(ctx context.Context, c *v1alpha1.Cell) (*cell.Scope, error) {
	scope := &cell.Scope{Cell: c, Image: r.Config.Images.Runtime, Applier: r.Appliers.of(r.Clusters.Hub(), c), Now: r.Clock(), Settling: &r.settling}
	cluster, err := r.Clusters.OfCell(ctx, c)
	if problem := (*clusters.NotReady)(nil); errors.As(err, &problem) {
		scope.ClusterErr = err
		return scope, nil
	} else if err != nil {
		return nil, err
	}
	scope.Cluster, scope.Applier = cluster, r.Appliers.of(cluster, c)
	c.Status.ClusterUID = string(cluster.UID)
	if scope.Facts, err = (cell.Reader{Cluster: cluster}).Read(ctx, c, scope.Image); err != nil {
		return nil, err
	}
	in, err := r.input(ctx, scope)
	if err != nil {
		return nil, err
	}
	scope.Set, err = desired.Cell(in)
	return scope, err
}

func (r *CellReconciler) input(ctx context.Context, s *cell.Scope) (desired.CellInput, error) {
	in := desired.CellInput{
		Cell:         s.Cell,
		Config:       r.Config,
		Manager:      s.Cluster.Operator,
		DatabaseUID:  s.Facts.DatabaseUID,
		DatabaseCA:   s.Facts.DatabaseCA,
		AppPassword:  s.Facts.RolePasswords[desired.RoleSecretApp],
		LanePassword: s.Facts.RolePasswords[desired.RoleSecretLane],
		TLS:          s.Facts.TLS,
	}
	if s.Cell.Spec.Cluster != nil {
		in.Config.Vault = r.Config.Vault.Elsewhere(desired.AuthMount(s.Cell.Name))
	}
	var plans v1alpha1.PlanList
	if err := r.Client.List(ctx, &plans); err != nil {
		return in, err
	}
	in.Plans = plans.Items
	var err error
	if in.APIServer, err = s.Cluster.APIServer(ctx); err != nil {
		return in, err
	}
	in.RuntimeImage, err = s.RuntimeImage(ctx, r.Client)
	return in, err
}

var _ reconcile.Reconciler = (*CellReconciler)(nil)
