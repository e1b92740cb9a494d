package clusters

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// IndexUID is the field index that finds Cells by the cluster that their status records.
const IndexUID = "bulkhead.clusterUID"

// IndexCellByUID is the value of IndexUID.
func IndexCellByUID(object client.Object) []string {
	c, ok := object.(*v1alpha1.Cell)
	if !ok || c.Status.ClusterUID == "" {
		return nil
	}
	return []string{c.Status.ClusterUID}
}

// claims are the clusters that this process has given to cells. The status of
// Cells is the record; claims cover the moments before it is seen in the cache.
type claims struct {
	mu  sync.Mutex
	by  map[types.UID]string // the cell, by its cluster
	hub types.UID            // empty until it was read
}

// Claim takes a cluster for a cell, and gives back another that the cell held. The
// error is a *NotReady when the cluster is another cell's or the hub. A claim is void
// once neither the cell exists nor the tenant that it would be made for.
func (c *Clusters) Claim(ctx context.Context, cluster *Cluster, cell string) error {
	hub, err := c.hubUID(ctx)
	switch {
	case err != nil:
		return err
	case cluster.UID == hub:
		return &NotReady{v1alpha1.ReasonClusterInUse, "the kubeconfig leads to the cluster that the operator runs in, where everybody's cells are; give that of another cluster"}
	}
	c.claims.mu.Lock()
	defer c.claims.mu.Unlock()
	holder, err := c.holder(ctx, cluster.UID)
	switch {
	case err != nil:
		return err
	case holder != "" && holder != cell:
		return &NotReady{v1alpha1.ReasonClusterInUse, fmt.Sprintf("the Cell %s has the cluster to which the kubeconfig leads; a cluster serves one tenant, so give another", holder)}
	}
	maps.DeleteFunc(c.claims.by, func(_ types.UID, by string) bool { return by == cell })
	c.claims.by[cluster.UID] = cell
	return nil
}

// holder names the cell that has a cluster; "" for none.
func (c *Clusters) holder(ctx context.Context, uid types.UID) (string, error) {
	var recorded v1alpha1.CellList
	if err := c.hub.Client.List(ctx, &recorded, client.MatchingFields{IndexUID: string(uid)}, client.UnsafeDisableDeepCopy); err != nil {
		return "", err
	}
	if len(recorded.Items) > 0 {
		return slices.MinFunc(recorded.Items, older).Name, nil
	}
	claimed := c.claims.by[uid]
	if claimed == "" {
		return "", nil
	}
	if wanted, err := c.options.Wanted(ctx, claimed); err != nil || !wanted {
		return "", err
	}
	return claimed, nil
}

// older orders cells by age, so that of two which ever recorded one cluster the same
// one always keeps it.
func older(a, b v1alpha1.Cell) int {
	if at, bt := a.CreationTimestamp, b.CreationTimestamp; !at.Equal(&bt) {
		return at.Compare(bt.Time)
	}
	return strings.Compare(a.Name, b.Name)
}

func (c *Clusters) hubUID(ctx context.Context) (types.UID, error) {
	c.claims.mu.Lock()
	known := c.claims.hub
	c.claims.mu.Unlock()
	if known != "" {
		return known, nil
	}
	uid, err := uidOf(ctx, c.hub.Live)
	if err != nil {
		return "", err
	}
	c.claims.mu.Lock()
	defer c.claims.mu.Unlock()
	c.claims.hub = uid
	return uid, nil
}

// uidOf identifies a cluster, however it is reached: the namespace kube-system is
// made with it, and nobody can delete it.
func uidOf(ctx context.Context, live client.Reader) (types.UID, error) {
	var system corev1.Namespace
	if err := live.Get(ctx, client.ObjectKey{Name: metav1.NamespaceSystem}, &system); err != nil {
		return "", fmt.Errorf("what identifies the cluster: %w", err)
	}
	return system.UID, nil
}
