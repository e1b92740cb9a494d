package controllers

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/component/cell"
	"github.com/bulkhead-dev/bulkhead/controllers/component/tenant"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/clusters"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// deletionPoll is how often a deletion that others hold up is looked at.
const deletionPoll = 10 * time.Second

// finalize deletes an empty cell's namespaces. A cell with Bindings, retained
// ones included, holds data and is not deleted.
func (r *CellReconciler) finalize(ctx context.Context, before, c *v1alpha1.Cell) (ctrl.Result, error) {
	if !controllerutil.ContainsFinalizer(c, Finalizer) {
		return ctrl.Result{}, nil
	}
	removed, err := r.Kinds.BeingRemoved(ctx, "cells")
	if err != nil {
		return ctrl.Result{}, err
	}
	if removed {
		return ctrl.Result{}, dropFinalizer(ctx, r.Client, before, c)
	}
	cluster, err := r.Clusters.OfCell(ctx, c)
	if err != nil {
		return r.awaitCluster(ctx, before, c, err)
	}
	facts, err := (cell.Reader{Cluster: cluster}).Read(ctx, c, r.Config.Images.Runtime)
	if err != nil {
		return ctrl.Result{}, err
	}
	blocker, err := r.holdsData(ctx, c, cluster, facts)
	if err != nil {
		return ctrl.Result{}, err
	}
	if blocker != "" {
		return r.report(ctx, before, c, component.Wait(v1alpha1.ReasonCellInUse, blocker, deletionPoll))
	}
	left := 0
	// The database goes first: while it lives, the Bindings say whose data it holds.
	for _, name := range []string{desired.DatabaseNamespace(c.Name), desired.RuntimeNamespace(c.Name)} {
		namespace := recorded(c, facts, name)
		if namespace == nil {
			continue // gone, or not ours: never touched
		}
		left++
		if err := deleteNamespace(ctx, cluster, namespace); err != nil {
			return ctrl.Result{}, err
		}
	}
	if left == 0 {
		return ctrl.Result{}, dropFinalizer(ctx, r.Client, before, c)
	}
	return r.report(ctx, before, c, terminating(c, facts))
}

// awaitCluster keeps a cell whose cluster does not answer: what is there cannot
// be seen, so nothing is concluded.
func (r *CellReconciler) awaitCluster(ctx context.Context, before, c *v1alpha1.Cell, err error) (ctrl.Result, error) {
	outcome := cell.ClusterOutcome(err)
	if outcome.Err != nil {
		return ctrl.Result{}, outcome.Err
	}
	run := component.Result{Outcomes: []component.Named{{Condition: v1alpha1.ConditionClusterReady, Outcome: outcome}}, After: deletionPoll}
	component.SetConditions(&c.Status.Conditions, c.Generation, run)
	return finish(ctx, r.Client, before, c, run)
}

// holdsData says why the cell cannot go, empty when it can.
func (r *CellReconciler) holdsData(ctx context.Context, c *v1alpha1.Cell, cluster *clusters.Cluster, facts cell.Facts) (string, error) {
	if c.Spec.TenantID != "" && c.Annotations[v1alpha1.AnnotationDiscardData] != c.Spec.TenantID {
		return fmt.Sprintf("the cell holds the data of the tenant %s; if it may go, annotate the Cell with %s=%s",
			c.Spec.TenantID, v1alpha1.AnnotationDiscardData, c.Spec.TenantID), nil
	}
	if c.Spec.TenantID != "" {
		return r.tenantOf(ctx, c)
	}
	var served v1alpha1.CellList
	if err := r.Client.List(ctx, &served, client.MatchingFields{IndexServedBy: c.Name}, client.UnsafeDisableDeepCopy); err != nil {
		return "", err
	}
	if len(served.Items) > 0 {
		return fmt.Sprintf("the cell's runtime serves the databases of %d other cells, such as %s; it is deleted when they are gone", len(served.Items), served.Items[0].Name), nil
	}
	tenants, err := r.countBindings(ctx, c, cluster, facts)
	if tenants == 0 || err != nil {
		return "", err
	}
	return fmt.Sprintf("the cell holds the data of %d tenants, retained ones included, and is deleted when they have left", tenants), nil
}

// tenantOf refuses to discard the data of a tenant that still exists.
func (r *CellReconciler) tenantOf(ctx context.Context, c *v1alpha1.Cell) (string, error) {
	names, err := tenant.Claimants(ctx, r.Client, c.Spec.TenantID)
	if len(names) == 0 || err != nil {
		return "", err
	}
	return fmt.Sprintf("the Tenant %s lives in the cell; delete the Tenant first", names[0]), nil
}

// countBindings reads past the cache: what it says decides over data. A
// namespace that cannot be read counts as an error, never as empty.
func (r *CellReconciler) countBindings(ctx context.Context, c *v1alpha1.Cell, cluster *clusters.Cluster, facts cell.Facts) (int, error) {
	name := desired.RuntimeNamespace(c.Name)
	if namespace := recorded(c, facts, name); namespace == nil || namespace.DeletionTimestamp != nil {
		return 0, provesNothing(c, facts)
	}
	var bindings corev1.SecretList
	err := cluster.Live.List(ctx, &bindings, client.InNamespace(name), client.MatchingLabels{binding.LabelKind: binding.KindBinding})
	if err != nil {
		return 0, fmt.Errorf("the cell may hold tenants, but its Bindings cannot be read: %w", err)
	}
	return len(bindings.Items), nil
}

// recorded is a live namespace that was recorded, by its UID, as the cell's.
func recorded(c *v1alpha1.Cell, facts cell.Facts, name string) *corev1.Namespace {
	namespace := facts.Namespaces[name]
	for _, owned := range c.Status.Namespaces {
		if namespace != nil && owned.Name == name && owned.UID == string(namespace.UID) {
			return namespace
		}
	}
	return nil
}

// provesNothing is an error while a missing runtime namespace, which held the
// Bindings, is no proof that the database beside it is empty: somebody else
// deleted it. When we did, the database is being deleted too.
func provesNothing(c *v1alpha1.Cell, facts cell.Facts) error {
	database := recorded(c, facts, desired.DatabaseNamespace(c.Name))
	if c.Spec.Runtime == nil || database == nil || database.DeletionTimestamp != nil {
		return nil
	}
	return fmt.Errorf("namespace %s, which named the cell's tenants, is gone, but namespace %s may hold their data; "+
		"delete the latter by hand if it may go", desired.RuntimeNamespace(c.Name), database.Name)
}

func deleteNamespace(ctx context.Context, cluster *clusters.Cluster, namespace *corev1.Namespace) error {
	if namespace.DeletionTimestamp != nil {
		return nil
	}
	err := cluster.Client.Delete(ctx, namespace, client.Preconditions{UID: ptr.To(namespace.UID)})
	return client.IgnoreNotFound(err)
}

// terminating says which namespaces go, and what Kubernetes says keeps them.
func terminating(c *v1alpha1.Cell, facts cell.Facts) component.Outcome {
	var parts []string
	for _, name := range []string{desired.DatabaseNamespace(c.Name), desired.RuntimeNamespace(c.Name)} {
		namespace := recorded(c, facts, name)
		if namespace == nil {
			continue
		}
		part := name
		for _, condition := range namespace.Status.Conditions {
			if condition.Status == corev1.ConditionTrue {
				part += " (" + string(condition.Type) + ": " + condition.Message + ")"
			}
		}
		parts = append(parts, part)
	}
	return component.Wait(v1alpha1.ReasonNamespaceTerminating, "being deleted: "+strings.Join(parts, ", "), deletionPoll)
}

func (r *CellReconciler) report(ctx context.Context, before, c *v1alpha1.Cell, outcome component.Outcome) (ctrl.Result, error) {
	run := component.Result{Outcomes: []component.Named{{Condition: v1alpha1.ConditionNamespacesReady, Outcome: outcome}}, After: outcome.After}
	c.Status.ObservedGeneration = c.Generation
	component.SetConditions(&c.Status.Conditions, c.Generation, run)
	return finish(ctx, r.Client, before, c, run)
}
