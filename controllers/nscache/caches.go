// Package nscache keeps one cache for each namespace that the operator owns.
// The operator may read Secrets and pods only there, so a cache over the whole
// cluster is not to be had, nor wanted.
package nscache

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// syncTimeout bounds how long a reconcile waits for a namespace's first listing.
const syncTimeout = 20 * time.Second

// Options say how the caches are made.
type Options struct {
	Config *rest.Config
	Scheme *runtime.Scheme
	Mapper meta.RESTMapper
	// Live reads past the caches; it proves that a namespace can be read at all.
	Live client.Reader
	// Index adds the field indexes that readers use.
	Index func(ctx context.Context, indexer client.FieldIndexer) error
	// Opened is called once a kind of a namespace is about to be watched.
	Opened func(namespace string, c cache.Cache, kind client.Object) error
}

// Caches are the open caches, by namespace.
type Caches struct {
	options Options

	started chan struct{}
	base    context.Context // of the manager; ends every cache

	mu   sync.Mutex
	open map[string]*entry
}

type entry struct {
	mu      sync.Mutex // held while opening and while adding a kind
	cache   cache.Cache
	cancel  context.CancelFunc
	watched map[string]bool
}

// New makes an empty set of caches. It is started by the manager.
func New(options Options) *Caches {
	return &Caches{options: options, started: make(chan struct{}), open: map[string]*entry{}}
}

// Start runs until the context ends.
func (c *Caches) Start(ctx context.Context) error {
	c.base = ctx
	close(c.started)
	<-ctx.Done()
	return nil
}

// Open returns a reader of the kinds in a namespace and sees to it that they
// are watched. The first call lists them; it fails at once when the operator
// has no right to.
func (c *Caches) Open(ctx context.Context, namespace string, kinds ...client.Object) (client.Reader, error) {
	select {
	case <-c.started:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	e := c.entry(namespace)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cache == nil {
		if err := c.start(ctx, namespace, e); err != nil {
			return nil, fmt.Errorf("namespace %s: %w", namespace, err)
		}
	}
	if err := c.watch(ctx, namespace, e, kinds); err != nil {
		return nil, fmt.Errorf("namespace %s: %w", namespace, err)
	}
	return e.cache, nil
}

// OpenOptional is Open for a kind that the cluster may not know, or may not let the
// operator read. Then it fails at once, where an informer would wait.
func (c *Caches) OpenOptional(ctx context.Context, namespace string, kind client.Object, list client.ObjectList) (client.Reader, error) {
	if !c.watches(namespace, kind) {
		if err := c.options.Live.List(ctx, list, client.InNamespace(namespace), client.Limit(1)); err != nil {
			return nil, fmt.Errorf("namespace %s: %w", namespace, err)
		}
	}
	return c.Open(ctx, namespace, kind)
}

func (c *Caches) watches(namespace string, kind client.Object) bool {
	e := c.entry(namespace)
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.watched[nameOf(kind)]
}

// Close ends a namespace's cache.
func (c *Caches) Close(namespace string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.open[namespace]; e != nil && e.cancel != nil {
		e.cancel()
	}
	delete(c.open, namespace)
}

func (c *Caches) entry(namespace string) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.open[namespace]
	if e == nil {
		e = &entry{watched: map[string]bool{}}
		c.open[namespace] = e
	}
	return e
}

func (c *Caches) start(ctx context.Context, namespace string, e *entry) error {
	// An informer would retry a refusal for ever; one read says it at once.
	if err := c.options.Live.List(ctx, &corev1.SecretList{}, client.InNamespace(namespace), client.Limit(1)); err != nil {
		return err
	}
	made, err := cache.New(c.options.Config, cache.Options{
		Scheme:            c.options.Scheme,
		Mapper:            c.options.Mapper,
		DefaultNamespaces: map[string]cache.Config{namespace: {}},
		DefaultTransform:  cache.TransformStripManagedFields(),
	})
	if err != nil {
		return err
	}
	if err := c.options.Index(ctx, made); err != nil {
		return err
	}
	base, cancel := context.WithCancel(c.base)
	go func() { _ = made.Start(base) }() // returns nil when its context ends
	if !made.WaitForCacheSync(ctx) {     // of no kind yet: until it has started
		cancel()
		return ctx.Err()
	}
	e.cache, e.cancel = made, cancel
	return nil
}

// watch lists and follows the kinds that are not watched yet, all at once.
func (c *Caches) watch(ctx context.Context, namespace string, e *entry, kinds []client.Object) error {
	ctx, cancel := context.WithTimeout(ctx, syncTimeout)
	defer cancel()
	listings, ctx := errgroup.WithContext(ctx)
	var added []client.Object
	for _, kind := range kinds {
		if e.watched[nameOf(kind)] {
			continue
		}
		added = append(added, kind)
		listings.Go(func() error {
			_, err := e.cache.GetInformer(ctx, kind) // waits for its first listing
			return err
		})
	}
	if err := listings.Wait(); err != nil {
		return err
	}
	for _, kind := range added {
		if err := c.options.Opened(namespace, e.cache, kind); err != nil {
			return err
		}
		e.watched[nameOf(kind)] = true
	}
	return nil
}

// nameOf tells kinds apart, those without a Go type, too.
func nameOf(kind client.Object) string {
	return fmt.Sprintf("%T %s", kind, kind.GetObjectKind().GroupVersionKind())
}
