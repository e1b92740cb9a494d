package tenant

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/controllers/component/cell"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/nscache"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/clusters"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// openAtOnce bounds how many namespaces are listed at a time.
const openAtOnce = 16

// Bindings reads the Bindings of all cells, from caches.
type Bindings struct {
	Clusters   *clusters.Clusters
	Placements *Placements
}

// ByID returns the Bindings of a tenant id: in a shared cell, or in the cell
// that is the tenant's own. elsewhere is the tenant's own cluster, if it has one;
// its owner may write there what he likes, so that only the namespace that
// follows from the id is looked into. More than one Binding is a fault.
func (b *Bindings) ByID(ctx context.Context, id uuid.UUID, elsewhere *clusters.Cluster) ([]*Bound, error) {
	hub, own := b.Clusters.Hub(), desired.OwnCellName(id.String())
	// One that this process made a moment ago may be in the cache and not yet in the index.
	look := namesOf(id, own, b.Placements.CellOf(id.String()))
	found, err := findIn(ctx, hub, func(cellName string) bool { return cellName == own || !isOwn(cellName) }, look)
	if err != nil || elsewhere == nil || elsewhere == hub {
		return found, err
	}
	more, err := findIn(ctx, elsewhere, func(cellName string) bool { return cellName == own }, namesOf(id, own))
	return append(found, more...), err
}

// namesOf finds the Bindings of an id by the index, and in cells where they are likely to be.
func namesOf(id uuid.UUID, likely ...string) func(*nscache.Caches) []types.NamespacedName {
	return func(c *nscache.Caches) []types.NamespacedName {
		found := c.Find(keyOfID(id.String()))
		for _, cellName := range likely {
			name := types.NamespacedName{Namespace: desired.RuntimeNamespace(cellName), Name: desired.BindingSecret(id.String())}
			if c.IsOpen(name.Namespace, &corev1.Secret{}) && !slices.Contains(found, name) {
				found = append(found, name)
			}
		}
		return found
	}
}

// ByName returns the Bindings on the hub that carry a tenant's name. A name in
// another cluster proves nothing.
func (b *Bindings) ByName(ctx context.Context, name string) ([]*Bound, error) {
	return findIn(ctx, b.Clusters.Hub(), func(string) bool { return true }, func(c *nscache.Caches) []types.NamespacedName {
		return c.Find(keyOfName(name))
	})
}

// Complete returns nil when every shared cell's Bindings are known, and counted
// by the Placements.
func (b *Bindings) Complete(ctx context.Context) error {
	return open(ctx, b.Clusters.Hub(), func(cellName string) bool { return !isOwn(cellName) })
}

// findIn looks in the cells of one cluster.
func findIn(ctx context.Context, cluster *clusters.Cluster, in func(cellName string) bool, look func(*nscache.Caches) []types.NamespacedName) ([]*Bound, error) {
	if err := open(ctx, cluster, in); err != nil {
		return nil, err
	}
	var found []*Bound
	for _, name := range look(cluster.Caches) {
		cellName := strings.TrimPrefix(name.Namespace, desired.RuntimeNamespace(""))
		if !in(cellName) {
			continue
		}
		reader, err := cluster.Caches.Open(ctx, name.Namespace, &corev1.Secret{})
		if err != nil {
			return nil, err
		}
		var secret corev1.Secret
		switch err := reader.Get(ctx, name, &secret); {
		case err == nil:
			found = append(found, bound(cellName, &secret))
		case !apierrors.IsNotFound(err):
			return nil, err
		}
	}
	return found, nil
}

// isOwn reports whether a cell is, by its name, one tenant's own.
func isOwn(cellName string) bool {
	_, ok := desired.OwnerOfCell(cellName)
	return ok
}

// open sees to it that every namespace of a cluster that may hold Bindings and
// is wanted is watched. One that cannot be read is an error: a Binding that is
// not seen would be made anew elsewhere.
func open(ctx context.Context, cluster *clusters.Cluster, wanted func(cellName string) bool) error {
	var namespaces corev1.NamespaceList
	err := cluster.Client.List(ctx, &namespaces, client.UnsafeDisableDeepCopy, client.MatchingLabels{
		desired.LabelManagedBy: desired.ManagedBy, desired.LabelPart: desired.PartRuntime,
	})
	if err != nil {
		return err
	}
	opening, ctx := errgroup.WithContext(ctx)
	opening.SetLimit(openAtOnce)
	for i := range namespaces.Items {
		namespace := &namespaces.Items[i]
		// One whose labels and name do not agree is not a cell's.
		cellName := namespace.Labels[desired.LabelCell]
		if namespace.Name != desired.RuntimeNamespace(cellName) || !wanted(cellName) || cluster.Caches.IsOpen(namespace.Name, &corev1.Secret{}) {
			continue
		}
		opening.Go(func() error { return openOne(ctx, cluster, namespace) })
	}
	return opening.Wait()
}

// openOne leaves out a namespace that is being deleted and has lost the
// operator's access already.
func openOne(ctx context.Context, cluster *clusters.Cluster, namespace *corev1.Namespace) error {
	_, err := cluster.Caches.Open(ctx, namespace.Name, &corev1.Secret{})
	if apierrors.IsForbidden(err) && namespace.DeletionTimestamp != nil {
		return nil
	}
	return err
}

// runtimeReader reads a cell's runtime namespace.
func runtimeReader(ctx context.Context, cluster *clusters.Cluster, cellName string) (client.Reader, error) {
	return cluster.Caches.Open(ctx, desired.RuntimeNamespace(cellName), cell.RuntimeKinds()...)
}

// bound reads a stored Binding. The Secret's name says whose it is, whatever its
// bytes are: a damaged Binding is mended and not doubled, and one that speaks of
// another tenant is damaged.
func bound(cellName string, secret *corev1.Secret) *Bound {
	b := &Bound{Cell: cellName, Secret: secret, Name: secret.Labels[desired.LabelTenant]}
	if id, err := uuid.Parse(strings.TrimPrefix(secret.Name, desired.BindingSecret(""))); err == nil {
		b.ID = id
	}
	if stored, err := binding.Decode(secret.Data[binding.SecretKey]); err == nil && stored.Tenant.ID == b.ID {
		b.Binding, b.Name = stored, stored.Tenant.Name
	}
	return b
}

// Retained reports whether the tenant of the Binding was deleted.
func (b *Bound) Retained() bool { return b.Binding.State == binding.Retained }
