package tenant

import (
	"context"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/controllers/component/cell"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/nscache"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// openAtOnce bounds how many namespaces are listed at a time.
const openAtOnce = 16

// Bindings reads the Bindings of all cells, from caches.
type Bindings struct {
	Cluster client.Reader
	Caches  *nscache.Caches
}

// ByID returns the Bindings of a tenant id. More than one is a fault.
func (b *Bindings) ByID(ctx context.Context, id uuid.UUID) ([]*Bound, error) {
	var found []*Bound
	err := b.each(ctx, func(cellName string, reader client.Reader) error {
		var secret corev1.Secret
		key := client.ObjectKey{Namespace: desired.RuntimeNamespace(cellName), Name: desired.BindingSecret(id.String())}
		if err := reader.Get(ctx, key, &secret); err != nil {
			return client.IgnoreNotFound(err)
		}
		found = append(found, bound(cellName, &secret))
		return nil
	})
	return found, err
}

// ByName returns the Bindings that carry a tenant's name.
func (b *Bindings) ByName(ctx context.Context, name string) ([]*Bound, error) {
	var found []*Bound
	err := b.each(ctx, func(cellName string, reader client.Reader) error {
		var secrets corev1.SecretList
		if err := reader.List(ctx, &secrets, client.MatchingFields{IndexTenantName: name}); err != nil {
			return err
		}
		for i := range secrets.Items {
			found = append(found, bound(cellName, &secrets.Items[i]))
		}
		return nil
	})
	return found, err
}

// In returns the ids that are bound in a cell.
func (b *Bindings) In(ctx context.Context, cellName string) (map[string]bool, error) {
	ids := map[string]bool{}
	err := b.each(ctx, func(name string, reader client.Reader) error {
		if name != cellName {
			return nil
		}
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

// Reader reads a cell's runtime namespace.
func (b *Bindings) Reader(ctx context.Context, cellName string) (client.Reader, error) {
	return b.Caches.Open(ctx, desired.RuntimeNamespace(cellName), cell.RuntimeKinds()...)
}

// each visits every namespace that may hold Bindings. One that cannot be read
// is an error: a Binding that is not seen would be made anew elsewhere.
func (b *Bindings) each(ctx context.Context, visit func(cellName string, reader client.Reader) error) error {
	var namespaces corev1.NamespaceList
	err := b.Cluster.List(ctx, &namespaces, client.UnsafeDisableDeepCopy, client.MatchingLabels{
		desired.LabelManagedBy: desired.ManagedBy, desired.LabelPart: desired.PartRuntime,
	})
	if err != nil {
		return err
	}
	readers, err := b.open(ctx, namespaces.Items)
	if err != nil {
		return err
	}
	for i := range namespaces.Items {
		if readers[i] == nil {
			continue
		}
		if err := visit(namespaces.Items[i].Labels[desired.LabelCell], readers[i]); err != nil {
			return err
		}
	}
	return nil
}

// open opens the caches of many namespaces at once; after a restart none is.
// A namespace whose labels and name do not agree is not a cell's and stays nil.
func (b *Bindings) open(ctx context.Context, namespaces []corev1.Namespace) ([]client.Reader, error) {
	readers := make([]client.Reader, len(namespaces))
	opening, ctx := errgroup.WithContext(ctx)
	opening.SetLimit(openAtOnce)
	for i := range namespaces {
		name := namespaces[i].Name
		if name != desired.RuntimeNamespace(namespaces[i].Labels[desired.LabelCell]) {
			continue
		}
		opening.Go(func() (err error) {
			readers[i], err = b.Caches.Open(ctx, name, &corev1.Secret{})
			return err
		})
	}
	return readers, opening.Wait()
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
