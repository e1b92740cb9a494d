package controllers

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/component/cell"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
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
	facts, err := r.Facts.Read(ctx, c)
	if err != nil {
		return ctrl.Result{}, err
	}
	tenants, err := r.countBindings(ctx, c, facts)
	if err != nil {
		return ctrl.Result{}, err
	}
	if tenants > 0 {
		return r.refuseDeletion(ctx, before, c, tenants)
	}
	left := 0
	// The database goes first: while it lives, the Bindings say whose data it holds.
	for _, name := range []string{desired.DatabaseNamespace(c.Name), desired.RuntimeNamespace(c.Name)} {
		namespace := recorded(c, facts, name)
		if namespace == nil {
			continue // gone, or not ours: never touched
		}
		left++
		if err := r.deleteNamespace(ctx, namespace); err != nil {
			return ctrl.Result{}, err
		}
	}
	if left == 0 {
		return ctrl.Result{}, dropFinalizer(ctx, r.Client, before, c)
	}
	outcome := component.Wait(v1alpha1.ReasonNamespaceTerminating, fmt.Sprintf("%d namespaces of the cell are being deleted", left), deletionPoll)
	return r.report(ctx, before, c, outcome)
}

// countBindings reads past the cache: what it says decides over data. A
// namespace that cannot be read counts as an error, never as empty.
func (r *CellReconciler) countBindings(ctx context.Context, c *v1alpha1.Cell, facts cell.Facts) (int, error) {
	name := desired.RuntimeNamespace(c.Name)
	if namespace := recorded(c, facts, name); namespace == nil || namespace.DeletionTimestamp != nil {
		return 0, r.provesNothing(c, facts)
	}
	var bindings corev1.SecretList
	err := r.Applier.Live.List(ctx, &bindings, client.InNamespace(name), client.MatchingLabels{binding.LabelKind: binding.KindBinding})
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
func (r *CellReconciler) provesNothing(c *v1alpha1.Cell, facts cell.Facts) error {
	database := recorded(c, facts, desired.DatabaseNamespace(c.Name))
	if c.Spec.Runtime == nil || database == nil || database.DeletionTimestamp != nil {
		return nil
	}
	return fmt.Errorf("namespace %s, which named the cell's tenants, is gone, but namespace %s may hold their data; "+
		"delete the latter by hand if it may go", desired.RuntimeNamespace(c.Name), database.Name)
}

func (r *CellReconciler) deleteNamespace(ctx context.Context, namespace *corev1.Namespace) error {
	if namespace.DeletionTimestamp != nil {
		return nil
	}
	err := r.Client.Delete(ctx, namespace, client.Preconditions{UID: ptr.To(namespace.UID)})
	return client.IgnoreNotFound(err)
}

func (r *CellReconciler) refuseDeletion(ctx context.Context, before, c *v1alpha1.Cell, tenants int) (ctrl.Result, error) {
	outcome := component.Wait(v1alpha1.ReasonCellInUse, fmt.Sprintf(
		"the cell holds the data of %d tenants, retained ones included, and is deleted when they have left", tenants), deletionPoll)
	return r.report(ctx, before, c, outcome)
}

func (r *CellReconciler) report(ctx context.Context, before, c *v1alpha1.Cell, outcome component.Outcome) (ctrl.Result, error) {
	run := component.Result{Outcomes: []component.Named{{Condition: v1alpha1.ConditionNamespacesReady, Outcome: outcome}}, After: outcome.After}
	c.Status.ObservedGeneration = c.Generation
	component.SetConditions(&c.Status.Conditions, c.Generation, run)
	return finish(ctx, r.Client, before, c, run)
}
