package clusters

import (
	"context"
	"crypto/sha256"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/nscache"
)

// NotReady is the error of a cluster that cannot be worked with now. Its Reason
// is that of the condition ClusterReady.
type NotReady struct{ Reason, Message string }

// Error implements error.
func (e *NotReady) Error() string { return e.Reason + ": " + e.Message }

// Options say how clusters are connected to.
type Options struct {
	Scheme *runtime.Scheme
	// Cache and Client make the options of a cluster-wide cache and client; a
	// connection writes into its own.
	Cache  func() cache.Options
	Client func() client.Options
	// Namespaces are the options of the caches of namespaces, without what
	// depends on the cluster.
	Namespaces nscache.Options
	// Connected is called with the cluster-wide cache of a new connection.
	Connected func(cache.Cache) error
	// Wanted reports whether a cell exists, or a tenant for whom it would be made.
	Wanted func(ctx context.Context, cell string) (bool, error)
	// Changed is called when a cluster began or ceased to answer.
	Changed func(ctx context.Context)
}

// Clusters are the hub and the clusters that tenants have to themselves.
type Clusters struct {
	hub     *Cluster
	options Options
	claims  claims

	started chan struct{}
	base    context.Context // of the manager; ends every connection

	mu      sync.Mutex
	remotes map[source]*remote
}

// source is where a kubeconfig is, a Secret in desired.ClustersNamespace, and whom
// the operator acts as with it: empty for whom the kubeconfig says.
type source struct{ secret, key, as string }

// New makes a set of clusters with the hub in it. It is started by the manager.
func New(hub *Cluster, options Options) *Clusters {
	return &Clusters{
		hub: hub, options: options, claims: claims{by: map[types.UID]string{}},
		started: make(chan struct{}), remotes: map[source]*remote{},
	}
}

// Start runs until the context ends.
func (c *Clusters) Start(ctx context.Context) error {
	c.base = ctx
	close(c.started)
	<-ctx.Done()
	return nil
}

// Hub is the cluster that the operator runs in.
func (c *Clusters) Hub() *Cluster { return c.hub }

// OfCell returns the cluster in which a cell is, once it is the cell's, or a *NotReady.
func (c *Clusters) OfCell(ctx context.Context, cell *v1alpha1.Cell) (*Cluster, error) {
	cluster, err := c.Of(ctx, cell.Spec.Cluster, cell.Name)
	if err != nil || cluster == c.hub {
		return cluster, err
	}
	if err := c.Claim(ctx, cluster, cell.Name); err != nil {
		return nil, err
	}
	return cluster, nil
}

// Of returns the cluster of a reference, the hub for none, or a *NotReady, and does
// not say whether it is another cell's. A
// cluster that Cluster API makes is named like the cell that is for it.
func (c *Clusters) Of(ctx context.Context, ref *v1alpha1.ClusterReference, cell string) (*Cluster, error) {
	if ref == nil {
		return c.hub, nil
	}
	select {
	case <-c.started:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	from := c.sourceOf(ref, cell)
	kubeconfig, err := c.kubeconfig(ctx, from)
	if err == nil && kubeconfig == nil {
		c.drop(from)
	}
	switch {
	case err != nil:
		return nil, err
	case ref.ClusterAPI != nil:
		if err := c.provisioned(ctx, ref.ClusterAPI, cell, kubeconfig != nil); err != nil {
			return nil, err
		}
	case kubeconfig == nil:
		return nil, &NotReady{v1alpha1.ReasonKubeconfigMissing, "there is no Secret " + desired.ClustersNamespace + "/" + from.secret + " with the key " + from.key + "; make it from the cluster's kubeconfig"}
	}
	return c.remote(from, kubeconfig).state()
}

// kubeconfig reads from the cache; nil for none.
func (c *Clusters) kubeconfig(ctx context.Context, from source) ([]byte, error) {
	reader, err := c.hub.Caches.Open(ctx, desired.ClustersNamespace, &corev1.Secret{})
	if err != nil {
		return nil, err
	}
	var secret corev1.Secret
	err = reader.Get(ctx, client.ObjectKey{Namespace: desired.ClustersNamespace, Name: from.secret}, &secret)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return secret.Data[from.key], err
}

// remote returns the connection, and makes it anew when the kubeconfig changed. The
// one before serves until then: some kubeconfigs change every few minutes.
func (c *Clusters) remote(from source, kubeconfig []byte) *remote {
	hash := sha256.Sum256(kubeconfig)
	c.mu.Lock()
	defer c.mu.Unlock()
	existing := c.remotes[from]
	if existing != nil && existing.hash == hash {
		return existing
	}
	r := newRemote(c.base, hash, kubeconfig, from.as, existing, c.options, func(ctx context.Context) bool { return c.withdrawn(ctx, from) })
	c.remotes[from] = r
	return r
}

// withdrawn ends the connection whose kubeconfig is gone, also when nobody asks for
// its cluster any more, and tells of it.
func (c *Clusters) withdrawn(ctx context.Context, from source) bool {
	kubeconfig, err := c.kubeconfig(ctx, from)
	if err != nil || kubeconfig != nil {
		return false
	}
	c.drop(from)
	c.options.Changed(c.base)
	return true
}

// Forget ends the connection to the cluster of a cell that is gone.
func (c *Clusters) Forget(cell *v1alpha1.Cell) {
	if cell.Spec.Cluster != nil {
		c.drop(c.sourceOf(cell.Spec.Cluster, cell.Name))
	}
}

// drop ends a connection, if there is one.
func (c *Clusters) drop(from source) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.remotes[from]; r != nil {
		r.end()
		delete(c.remotes, from)
	}
}

// sourceOf follows Cluster API's contract for the name of a kubeconfig
// (https://cluster-api.sigs.k8s.io/developer/providers/contracts/control-plane).
// Such a kubeconfig may do everything. The operator acts with it as itself, so
// that it has no more rights there than config/remote gives it.
func (c *Clusters) sourceOf(ref *v1alpha1.ClusterReference, cell string) source {
	if ref.ClusterAPI != nil {
		return source{desired.ClusterAPIKubeconfig(cell), "value", userName(c.hub.Operator)}
	}
	return source{secret: ref.KubeconfigSecretRef.Name, key: ref.KubeconfigSecretRef.DataKey()}
}
