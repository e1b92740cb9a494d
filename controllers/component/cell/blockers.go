package cell

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/clusters"
)

// Blockers finds out what keeps a cell from being deleted: data, and who uses it.
type Blockers struct {
	Hub client.Reader // where Tenants and Cells are
	// Claimants names the Tenants with an id, Placed those that a cell holds.
	Claimants, Placed func(ctx context.Context, hub client.Reader, of string) ([]string, error)
}

// Find says why a cell cannot go, empty when it can.
func (b Blockers) Find(ctx context.Context, c *v1alpha1.Cell, cluster *clusters.Cluster, facts Facts) (string, error) {
	if c.Spec.TenantID != "" {
		return b.Owner(ctx, c)
	}
	var served v1alpha1.CellList
	if err := b.Hub.List(ctx, &served, client.MatchingFields{IndexServedBy: c.Name}, client.UnsafeDisableDeepCopy); err != nil {
		return "", err
	}
	if len(served.Items) > 0 {
		return fmt.Sprintf("the cell's runtime serves the databases of %d other cells, such as %s; it is deleted when they are gone", len(served.Items), served.Items[0].Name), nil
	}
	namespace := Recorded(c, facts, desired.RuntimeNamespace(c.Name))
	if namespace == nil || namespace.DeletionTimestamp != nil {
		return unproven(c, facts), nil
	}
	tenants, err := countBindings(ctx, cluster, namespace.Name)
	if err != nil {
		return "", err
	}
	if tenants == 0 {
		return b.placed(ctx, c)
	}
	return fmt.Sprintf("the cell holds the data of %d tenants, retained ones included, and is deleted when they have left", tenants), nil
}

// Owner keeps a tenant's own cell until a human says that its data may go, and as
// long as the tenant exists.
func (b Blockers) Owner(ctx context.Context, c *v1alpha1.Cell) (string, error) {
	if !MayDiscard(c) {
		return fmt.Sprintf("the cell holds the data of the tenant %s; if it may go, annotate the Cell with %s=%s%s",
			c.Spec.TenantID, v1alpha1.AnnotationDiscardData, c.Spec.TenantID, leavesCluster(c)), nil
	}
	names, err := b.Claimants(ctx, b.Hub, c.Spec.TenantID)
	if len(names) == 0 || err != nil {
		return "", err
	}
	return fmt.Sprintf("the Tenant %s lives in the cell; delete the Tenant first", names[0]), nil
}

// leavesCluster says what nobody but a human deletes.
func leavesCluster(c *v1alpha1.Cell) string {
	if c.Spec.Cluster == nil || c.Spec.Cluster.ClusterAPI == nil {
		return ""
	}
	return fmt.Sprintf("; the Cluster %s/%s stays and is to be deleted by hand", desired.ClustersNamespace, c.Name)
}

// MayDiscard reports whether a human said that the data of a tenant's own cell may go.
func MayDiscard(c *v1alpha1.Cell) bool {
	return c.Spec.TenantID != "" && c.Annotations[v1alpha1.AnnotationDiscardData] == c.Spec.TenantID
}

// placed keeps a cell that holds a Tenant by that Tenant's own status: its Binding
// may have been lost.
func (b Blockers) placed(ctx context.Context, c *v1alpha1.Cell) (string, error) {
	names, err := b.Placed(ctx, b.Hub, c.Name)
	if len(names) == 0 || err != nil {
		return "", err
	}
	return fmt.Sprintf("the cell has no Binding of the Tenant %s, and of %d others, but they were placed in it; delete the Tenants first",
		names[0], len(names)-1), nil
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

// unproven says why a missing runtime namespace, which held the Bindings, is no
// proof that the database beside it is empty: somebody else deleted it. When we
// did, the database is being deleted too.
func unproven(c *v1alpha1.Cell, facts Facts) string {
	database := Recorded(c, facts, desired.DatabaseNamespace(c.Name))
	if c.Spec.Runtime == nil || database == nil || database.DeletionTimestamp != nil {
		return ""
	}
	return fmt.Sprintf("namespace %s, which named the cell's tenants, is gone, but namespace %s may hold their data; "+
		"delete the latter by hand if it may go", desired.RuntimeNamespace(c.Name), database.Name)
}
