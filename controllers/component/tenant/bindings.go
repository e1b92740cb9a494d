package tenant

import (
	"context"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/controllers/component/cell"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/clusters"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// openAtOnce bounds how many namespaces are listed at a time.
const openAtOnce = 16

// Bindings reads the Bindings of all cells, from caches.
type Bindings struct{ Clusters *clusters.Clusters }

// ByID returns the Bindings of a tenant id: in a shared cell, or in the cell
// that is the tenant's own. elsewhere is the tenant's own cluster, if it has one.
// More than one Binding is a fault.
func (b *Bindings) ByID(ctx context.Context, id uuid.UUID, elsewhere *clusters.Cluster) ([]*Bound, error) {
	own := desired.OwnCellName(id.String())
	return b.find(ctx, elsewhere, func(cellName string) bool { return cellName == own || !isOwn(cellName) },
		func(cellName string, reader client.Reader) ([]*Bound, error) {
			var secret corev1.Secret
			key := client.ObjectKey{Namespace: desired.RuntimeNamespace(cellName), Name: desired.BindingSecret(id.String())}
			if err := reader.Get(ctx, key, &secret); err != nil {
				return nil, client.IgnoreNotFound(err)
			}
			return []*Bound{bound(cellName, &secret)}, nil
		})
}

// ByName returns the Bindings that carry a tenant's name.
func (b *Bindings) ByName(ctx context.Context, name string, elsewhere *clusters.Cluster) ([]*Bound, error) {
	return b.find(ctx, elsewhere, func(string) bool { return true },
		func(cellName string, reader client.Reader) (found []*Bound, err error) {
			var secrets corev1.SecretList
			if err := reader.List(ctx, &secrets, client.MatchingFields{IndexTenantName: name}); err != nil {
				return nil, err
			}
			for i := range secrets.Items {
				found = append(found, bound(cellName, &secrets.Items[i]))
			}
			return found, nil
		})
}

// find looks in the cells of the hub and of one other cluster.
func (b *Bindings) find(ctx context.Context, elsewhere *clusters.Cluster, in func(cellName string) bool,
	look func(cellName string, reader client.Reader) ([]*Bound, error),
) ([]*Bound, error) {
	var found []*Bound
	visit := func(cellName string, reader client.Reader) error {
		more, err := look(cellName, reader)
		found = append(found, more...)
		return err
	}
	hub := b.Clusters.Hub()
	if err := each(ctx, hub, in, visit); err != nil {
		return nil, err
	}
	if elsewhere != nil && elsewhere != hub {
		return found, each(ctx, elsewhere, in, visit)
	}
	return found, nil
}

// isOwn reports whether a cell is, by its name, one tenant's own.
func isOwn(cellName string) bool {
	_, ok := desired.OwnerOfCell(cellName)
	return ok
}

// In returns the ids that are bound in a cell.
func (b *Bindings) In(ctx context.Context, cellName string) (map[string]bool, error) {
	ids := map[string]bool{}
	only := func(name string) bool { return name == cellName }
	err := each(ctx, b.Clusters.Hub(), only, func(_ string, reader client.Reader) error {
		var secrets corev1.SecretList
		if err := reader.List(ctx, &secrets, client.MatchingLabels{binding.LabelKind: binding.KindBinding}, client.UnsafeDisableDeepCopy); err != nil {
			return err
		}
		for i := range secrets.Items {
			ids[secrets.Items[i].Labels[binding.LabelTenantID]] = true
		}
		return nil
	})
	return ids, err
}

// each visits every namespace of a cluster that may hold Bindings and is
// wanted. One that cannot be read is an error: a Binding that is not seen would
// be made anew elsewhere.
func each(ctx context.Context, cluster *clusters.Cluster, wanted func(cellName string) bool, visit func(cellName string, reader client.Reader) error) error {
	var namespaces corev1.NamespaceList
	err := cluster.Client.List(ctx, &namespaces, client.UnsafeDisableDeepCopy, client.MatchingLabels{
		desired.LabelManagedBy: desired.ManagedBy, desired.LabelPart: desired.PartRuntime,
	})
	if err != nil {
		return err
	}
	var cells []*corev1.Namespace
	for i := range namespaces.Items {
		// One whose labels and name do not agree is not a cell's.
		name := namespaces.Items[i].Labels[desired.LabelCell]
		if namespaces.Items[i].Name == desired.RuntimeNamespace(name) && wanted(name) {
			cells = append(cells, &namespaces.Items[i])
		}
	}
	readers, err := open(ctx, cluster, cells)
	if err != nil {
		return err
	}
	for i, namespace := range cells {
		if readers[i] == nil {
			continue
		}
		if err := visit(namespace.Labels[desired.LabelCell], readers[i]); err != nil {
			return err
		}
	}
	return nil
}

// open opens the caches of many namespaces at once; after a restart none is. One
// that is being deleted and has lost the operator's access already stays nil.
func open(ctx context.Context, cluster *clusters.Cluster, namespaces []*corev1.Namespace) ([]client.Reader, error) {
	readers := make([]client.Reader, len(namespaces))
	opening, ctx := errgroup.WithContext(ctx)
	opening.SetLimit(openAtOnce)
	for i, namespace := range namespaces {
		opening.Go(func() error {
			reader, err := cluster.Caches.Open(ctx, namespace.Name, &corev1.Secret{})
			if apierrors.IsForbidden(err) && namespace.DeletionTimestamp != nil {
				return nil
			}
			readers[i] = reader
			return err
		})
	}
	return readers, opening.Wait()
}

// runtimeReader reads a cell's runtime namespace.
func runtimeReader(ctx context.Context, cluster *clusters.Cluster, cellName string) (client.Reader, error) {
	return cluster.Caches.Open(ctx, desired.RuntimeNamespace(cellName), cell.RuntimeKinds()...)
}

// bound reads a stored Binding. Labels say whose it is even when its bytes
// cannot be read, so that a damaged Binding is mended and not doubled.
func bound(cellName string, secret *corev1.Secret) *Bound {
	b := &Bound{Cell: cellName, Secret: secret, Name: secret.Labels[desired.LabelTenant]}
	if id, err := uuid.Parse(secret.Labels[binding.LabelTenantID]); err == nil {
		b.ID = id
	}
	if stored, err := binding.Decode(secret.Data[binding.SecretKey]); err == nil {
		b.Binding, b.ID, b.Name = stored, stored.Tenant.ID, stored.Tenant.Name
	}
	return b
}

// Retained reports whether the tenant of the Binding was deleted.
func (b *Bound) Retained() bool { return b.Binding.State == binding.Retained }
