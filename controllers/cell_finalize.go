package controllers

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	condition, outcome := r.tearDown(ctx, c)
	if outcome.Ready() {
		outcome = release(ctx, r.Client, before, c)
	}
	if outcome.Ready() {
		return ctrl.Result{}, nil
	}
	run := component.Deletion(condition, outcome)
	c.Status.ObservedGeneration = c.Generation
	component.SetConditions(&c.Status.Conditions, c.Generation, run)
	return finish(ctx, r.Client, before, c, run)
}

// tearDown is ready when nothing of the cell is left. Else it says what is in the
// way, and which condition that is about.
func (r *CellReconciler) tearDown(ctx context.Context, c *v1alpha1.Cell) (condition string, outcome component.Outcome) {
	cluster, err := r.Clusters.OfCell(ctx, c)
	if err != nil {
		return v1alpha1.ConditionClusterReady, withoutCluster(c, err)
	}
	return v1alpha1.ConditionNamespacesReady, r.tearDownIn(ctx, c, cluster)
}

// withoutCluster keeps a cell whose cluster does not answer: what is there cannot
// be seen, so nothing is concluded. Only where nothing was ever made is nothing left.
func withoutCluster(c *v1alpha1.Cell, err error) component.Outcome {
	outcome := cell.ClusterOutcome(err)
	if outcome.Unseen && len(c.Status.Namespaces) == 0 {
		return component.Outcome{}
	}
	return outcome
}

func (r *CellReconciler) tearDownIn(ctx context.Context, c *v1alpha1.Cell, cluster *clusters.Cluster) component.Outcome {
	facts, err := (cell.Reader{Cluster: cluster}).Read(ctx, c, r.Config.Images.Runtime)
	if err != nil {
		return component.Fail(err)
	}
	if err := restoreAccess(ctx, c, cluster, facts); err != nil {
		return component.Fail(err)
	}
	blocker, err := r.holdsData(ctx, c, cluster, facts)
	if err != nil {
		return component.Fail(err)
	}
	if blocker != "" {
		return component.Wait(v1alpha1.ReasonCellInUse, blocker, deletionPoll)
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
			return component.Fail(fmt.Errorf("namespace %s: %w", name, err))
		}
	}
	if left == 0 {
		return component.Outcome{}
	}
	return terminating(c, facts)
}

// restoreAccess gives the operator back what it needs to see whether the cell is empty.
func restoreAccess(ctx context.Context, c *v1alpha1.Cell, cluster *clusters.Cluster, facts cell.Facts) error {
	access, err := desired.ManagerAccess(desired.CellInput{Cell: c, Manager: cluster.Operator})
	if err != nil {
		return err
	}
	readers := map[string]client.Reader{desired.RuntimeNamespace(c.Name): facts.Runtime, desired.DatabaseNamespace(c.Name): facts.Database}
	for _, grant := range access {
		namespace := recorded(c, facts, grant.GetNamespace())
		if namespace == nil || namespace.DeletionTimestamp != nil {
			continue
		}
		if _, _, err := applierOf(cluster).Apply(ctx, readers[namespace.Name], grant); err != nil {
			return err
		}
	}
	return nil
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
	namespace := recorded(c, facts, desired.RuntimeNamespace(c.Name))
	if namespace == nil || namespace.DeletionTimestamp != nil {
		return unproven(c, facts), nil
	}
	tenants, err := countBindings(ctx, cluster, namespace.Name)
	if err != nil {
		return "", err
	}
	if tenants == 0 {
		return r.placed(ctx, c)
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

// placed refuses to delete a cell that holds a Tenant by that Tenant's own status:
// its Binding may have been lost.
func (r *CellReconciler) placed(ctx context.Context, c *v1alpha1.Cell) (string, error) {
	var tenants v1alpha1.TenantList
	err := r.Client.List(ctx, &tenants, client.MatchingFields{tenant.IndexPlacement: c.Name}, client.UnsafeDisableDeepCopy)
	if len(tenants.Items) == 0 || err != nil {
		return "", err
	}
	return fmt.Sprintf("the cell has no Binding of the Tenant %s, and of %d others, but they were placed in it; delete the Tenants first",
		tenants.Items[0].Name, len(tenants.Items)-1), nil
}

// countBindings reads past the cache, and by name: what it says decides over data,
// and labels can be removed. A namespace that cannot be read counts as an error,
// never as empty.
func countBindings(ctx context.Context, cluster *clusters.Cluster, namespace string) (int, error) {
	secrets := metav1.PartialObjectMetadataList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "SecretList"}}
	if err := cluster.Live.List(ctx, &secrets, client.InNamespace(namespace)); err != nil {
		return 0, fmt.Errorf("the cell may hold tenants, but its Bindings cannot be read: %w", err)
	}
	tenants := 0
	for i := range secrets.Items {
		if _, ok := desired.TenantOfBinding(secrets.Items[i].Name); ok {
			tenants++
		}
	}
	return tenants, nil
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

// unproven says why a missing runtime namespace, which held the Bindings, is no
// proof that the database beside it is empty: somebody else deleted it. When we
// did, the database is being deleted too.
func unproven(c *v1alpha1.Cell, facts cell.Facts) string {
	database := recorded(c, facts, desired.DatabaseNamespace(c.Name))
	if c.Spec.Runtime == nil || database == nil || database.DeletionTimestamp != nil {
		return ""
	}
	return fmt.Sprintf("namespace %s, which named the cell's tenants, is gone, but namespace %s may hold their data; "+
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
	held := ""
	for _, name := range []string{desired.DatabaseNamespace(c.Name), desired.RuntimeNamespace(c.Name)} {
		namespace := recorded(c, facts, name)
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
