// Package nscache keeps one cache for each namespace that the operator owns.
// The operator may read Secrets and pods only there, so a cache over the whole
// cluster is not to be had, nor wanted.
package nscache

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
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
	// Indexed is the kind that Find finds, and Keys what it finds an object by.
	Indexed client.Object
	Keys    func(object client.Object) []string
	// Seen is told when the first object with a key appears in a namespace, and
	// when the last one is gone. It must not call back.
	Seen func(namespace, key string, present bool)
	// Opened is called once a kind of a namespace is about to be watched.
	Opened func(namespace string, c cache.Cache, kind client.Object) error
}

// Caches are the open caches, by namespace.
type Caches struct {
	options Options

	started chan struct{}
	base    context.Context // of the manager; ends every cache

	index *index

	mu   sync.RWMutex
	open map[string]*entry
}

type entry struct {
	opening sync.Mutex // held while opening and while adding a kind

	// Caches.mu guards these: readers do not wait for what is being opened.
	cache   cache.Cache
	stop    context.CancelFunc
	watched map[key]bool
}

// Unreadable means that a namespace can be read, but one kind in it cannot.
type Unreadable struct{ Err error }

// Error implements error.
func (u *Unreadable) Error() string { return u.Err.Error() }

// Unwrap returns what the API server said.
func (u *Unreadable) Unwrap() error { return u.Err }

// New makes an empty set of caches. It is started by the manager.
func New(options Options) *Caches {
	options.Mapper = &knownMapper{RESTMapper: options.Mapper}
	return &Caches{options: options, started: make(chan struct{}), index: newIndex(options), open: map[string]*entry{}}
}

// Start runs until the context ends.
func (c *Caches) Start(ctx context.Context) error {
	c.base = ctx
	close(c.started)
	<-ctx.Done()
	return nil
}

// Open returns a reader of the kinds in a namespace and sees to it that they
// are watched. The first call lists them; it fails at once when the operator has
// no right to, or when the cluster does not know a kind.
func (c *Caches) Open(ctx context.Context, namespace string, kinds ...client.Object) (client.Reader, error) {
	select {
	case <-c.started:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if reader, ok := c.opened(namespace, kinds); ok {
		return reader, nil
	}
	e := c.entry(namespace)
	e.opening.Lock()
	defer e.opening.Unlock()
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

// Close ends the watches of a namespace that is gone: they would be refused, and
// tried again, for ever. One that is being opened is left to the next call.
func (c *Caches) Close(namespace string) {
	c.mu.RLock()
	e := c.open[namespace]
	c.mu.RUnlock()
	if e == nil || !e.opening.TryLock() {
		return
	}
	defer e.opening.Unlock()
	if e.cache == nil {
		return
	}
	c.mu.Lock()
	e.stop()
	e.cache, e.watched = nil, map[key]bool{}
	c.mu.Unlock()
	c.index.forget(namespace)
}

// IsOpen reports whether Open returns at once.
func (c *Caches) IsOpen(namespace string, kinds ...client.Object) bool {
	_, ok := c.opened(namespace, kinds)
	return ok
}

func (c *Caches) opened(namespace string, kinds []client.Object) (client.Reader, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e := c.open[namespace]
	if e == nil || e.cache == nil {
		return nil, false
	}
	for _, kind := range kinds {
		if !e.watched[keyOf(kind)] {
			return nil, false
		}
	}
	return e.cache, true
}

// Find returns the objects with a key in the namespaces whose kinds are open,
// as their watches told of them.
func (c *Caches) Find(key string) []types.NamespacedName { return c.index.find(key) }

func (c *Caches) entry(namespace string) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.open[namespace]
	if e == nil {
		e = &entry{watched: map[key]bool{}}
		c.open[namespace] = e
	}
	return e
}

func (c *Caches) start(ctx context.Context, namespace string, e *entry) (err error) {
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
	base, cancel := context.WithCancel(c.base)
	defer func() {
		if err != nil {
			cancel()
		}
	}()
	go func() { _ = made.Start(base) }() // returns nil when its context ends
	if !made.WaitForCacheSync(ctx) {     // of no kind yet: until it has started
		return ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e.cache, e.stop = made, cancel
	return nil
}

// watch lists and follows the kinds that are not watched yet, all at once.
func (c *Caches) watch(ctx context.Context, namespace string, e *entry, kinds []client.Object) error {
	ctx, cancel := context.WithTimeout(ctx, syncTimeout)
	defer cancel()
	listings, ctx := errgroup.WithContext(ctx)
	var added []client.Object
	for _, kind := range kinds {
		if e.watched[keyOf(kind)] {
			continue
		}
		added = append(added, kind)
		listings.Go(func() error { return c.list(ctx, namespace, e, kind) })
	}
	if err := listings.Wait(); err != nil {
		return err
	}
	for _, kind := range added {
		if err := c.options.Opened(namespace, e.cache, kind); err != nil {
			return err
		}
		c.mu.Lock()
		e.watched[keyOf(kind)] = true
		c.mu.Unlock()
	}
	return nil
}

// key tells kinds apart, those without a Go type, too.
type key struct {
	goType reflect.Type
	kind   schema.GroupVersionKind
}

func keyOf(kind client.Object) key {
	return key{reflect.TypeOf(kind), kind.GetObjectKind().GroupVersionKind()}
}

// prove reads one object of a kind: an informer would retry a refusal until its
// deadline, and hold whoever waits for it.
func (c *Caches) prove(ctx context.Context, namespace string, kind client.Object) error {
	of, err := apiutil.GVKForObject(kind, c.options.Scheme)
	if err != nil {
		return err
	}
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(of.GroupVersion().WithKind(of.Kind + "List"))
	err = c.options.Live.List(ctx, list, client.InNamespace(namespace), client.Limit(1))
	if apierrors.IsForbidden(err) {
		return &Unreadable{err}
	}
	return err
}

// list waits for the first listing of a kind, and for the index to know it.
func (c *Caches) list(ctx context.Context, namespace string, e *entry, kind client.Object) error {
	if err := c.prove(ctx, namespace, kind); err != nil {
		return err
	}
	informer, err := e.cache.GetInformer(ctx, kind)
	if err != nil || reflect.TypeOf(kind) != reflect.TypeOf(c.options.Indexed) {
		return err
	}
	indexed, err := informer.AddEventHandler(c.index)
	if err != nil {
		return err
	}
	if !toolscache.WaitFor(ctx, "", indexed.HasSyncedChecker()) {
		return errors.Join(ctx.Err(), informer.RemoveEventHandler(indexed))
	}
	return nil
}
