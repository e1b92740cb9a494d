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
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/clusters"
)

// deletionPoll is how often a deletion that others hold up is looked at.
const deletionPoll = 10 * time.Second

// finalize deletes an empty cell's namespaces. A cell with Bindings, retained
// ones included, holds data and is not deleted: a deletion cannot be taken back, so
// the cell goes on as before.
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
	outcome := r.tearDown(ctx, c)
	if outcome.Ready() {
		outcome = release(ctx, r.Client, before, c)
	}
	if outcome.Ready() {
		r.Clusters.Forget(c)
		r.Appliers.forget(c)
		return ctrl.Result{}, nil
	}
	run := component.Deletion(v1alpha1.ConditionDeleted, outcome)
	if outcome.Reason == v1alpha1.ReasonCellInUse {
		kept, err := r.bringAbout(ctx, c)
		if err != nil {
			return ctrl.Result{}, err
		}
		run = run.And(kept)
	}
	return r.conclude(ctx, before, c, run)
}

// tearDown is ready when nothing of the cell is left. Else it says what is in the way.
func (r *CellReconciler) tearDown(ctx context.Context, c *v1alpha1.Cell) component.Outcome {
	cluster, err := r.Clusters.OfCell(ctx, c)
	if err != nil {
		return r.withoutCluster(ctx, c, err)
	}
	return r.tearDownIn(ctx, c, cluster)
}

// withoutCluster keeps a cell whose cluster does not answer: what is there cannot
// be seen, so nothing is concluded. Nothing is left where nothing was ever made, and
// where a human gave up both the data and the way to the cluster.
func (r *CellReconciler) withoutCluster(ctx context.Context, c *v1alpha1.Cell, err error) component.Outcome {
	outcome := cell.ClusterOutcome(err)
	switch {
	case outcome.Unseen && len(c.Status.Namespaces) == 0:
		return component.Outcome{}
	case cell.ClusterGone(c, err):
		return inUse(r.Blockers.Owner(ctx, c))
	case outcome.Unseen:
		outcome.Message += fmt.Sprintf("; if the cluster is gone for good, delete its kubeconfig and annotate the Cell with %s=%s", v1alpha1.AnnotationDiscardData, c.Spec.TenantID)
	}
	return outcome
}

func (r *CellReconciler) tearDownIn(ctx context.Context, c *v1alpha1.Cell, cluster *clusters.Cluster) component.Outcome {
	facts, err := (cell.Reader{Cluster: cluster}).Read(ctx, c, r.Config.Images.Runtime)
	if err != nil {
		return component.Fail(err)
	}
	if err := r.restoreAccess(ctx, c, cluster, facts); err != nil {
		return component.Fail(err)
	}
	if outcome := inUse(r.Blockers.Find(ctx, c, cluster, facts)); !outcome.Ready() {
		return outcome
	}
	left := 0
	// The database goes first: while it lives, the Bindings say whose data it holds.
	for _, name := range []string{desired.DatabaseNamespace(c.Name), desired.RuntimeNamespace(c.Name)} {
		namespace := cell.Recorded(c, facts, name)
		if namespace == nil {
			continue // gone, or not ours: never touched
		}
		left++
		if err := deleteNamespace(ctx, cluster, namespace); err != nil {
			return component.Fail(fmt.Errorf("namespace %s: %w", name, err))
		}
	}
	if left == 0 {
		return component.Outcome{}
	}
	return terminating(c, facts)
}

// inUse waits for what keeps a cell, if anything does.
func inUse(blocker string, err error) component.Outcome {
	switch {
	case err != nil:
		return component.Fail(err)
	case blocker != "":
		return component.Wait(v1alpha1.ReasonCellInUse, blocker, deletionPoll)
	}
	return component.Outcome{}
}

// restoreAccess gives the operator back what it needs to see whether the cell is empty.
func (r *CellReconciler) restoreAccess(ctx context.Context, c *v1alpha1.Cell, cluster *clusters.Cluster, facts cell.Facts) error {
	access, err := desired.ManagerAccess(desired.CellInput{Cell: c, Manager: cluster.Operator})
	if err != nil {
		return err
	}
	readers := map[string]client.Reader{desired.RuntimeNamespace(c.Name): facts.Runtime, desired.DatabaseNamespace(c.Name): facts.Database}
	for _, grant := range access {
		namespace := cell.Recorded(c, facts, grant.GetNamespace())
		if namespace == nil || namespace.DeletionTimestamp != nil {
			continue
		}
		if _, _, err := r.Appliers.of(cluster, c).Apply(ctx, readers[namespace.Name], grant); err != nil {
			return err
		}
	}
	return nil
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
	held := ""
	for _, name := range []string{desired.DatabaseNamespace(c.Name), desired.RuntimeNamespace(c.Name)} {
		namespace := cell.Recorded(c, facts, name)
		if namespace == nil {
			continue
		}
		part := name
		for _, condition := range namespace.Status.Conditions {
			if condition.Status == corev1.ConditionTrue {
				part += " (" + string(condition.Type) + ": " + condition.Message + ")"
				held = "; Kubernetes says in brackets what keeps them, and this goes on when that is gone"
			}
		}
		parts = append(parts, part)
	}
	return component.Wait(v1alpha1.ReasonNamespaceTerminating, "being deleted: "+strings.Join(parts, ", ")+held, deletionPoll)
}
