package scale

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/test/kube"
)

// atOnce is how many tenants the user creates at a time.
const atOnce = 16

// user applies tenants and sees them become Ready, as people do.
type user struct {
	client client.Client

	mu    sync.Mutex
	ready map[string]time.Time
	more  chan struct{} // closed and made anew when another is Ready
}

// watchTenants follows all tenants from now on.
func watchTenants(ctx context.Context, k *kube.Kubernetes, c client.Client) (*user, error) {
	u := &user{client: c, ready: map[string]time.Time{}, more: make(chan struct{})}
	all, err := cache.New(k.Admin, cache.Options{Scheme: c.Scheme(), DefaultTransform: cache.TransformStripManagedFields()})
	if err != nil {
		return nil, err
	}
	informer, err := all.GetInformer(ctx, &v1alpha1.Tenant{}, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, err
	}
	if _, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { u.see(object) },
		UpdateFunc: func(_, object any) { u.see(object) },
	}); err != nil {
		return nil, err
	}
	go func() { _ = all.Start(ctx) }() // ends with the context
	if !all.WaitForCacheSync(ctx) {
		return nil, fmt.Errorf("the watch of tenants does not begin: %w", context.Cause(ctx))
	}
	return u, nil
}

func (u *user) see(object any) {
	now := time.Now()
	tenant, ok := object.(*v1alpha1.Tenant)
	if !ok || !meta.IsStatusConditionTrue(tenant.Status.Conditions, v1alpha1.ConditionReady) {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, known := u.ready[tenant.Name]; known {
		return
	}
	u.ready[tenant.Name] = now
	close(u.more)
	u.more = make(chan struct{})
}

// count is how many are Ready, and changes when that is not so any more.
func (u *user) count() (n int, changes <-chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.ready), u.more
}

// await returns when the tenant became Ready.
func (u *user) await(ctx context.Context, name string) (time.Time, error) {
	for {
		u.mu.Lock()
		at, ok := u.ready[name]
		more := u.more
		u.mu.Unlock()
		if ok {
			return at, nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("tenant %s is not Ready: %w", name, context.Cause(ctx))
		}
	}
}

// awaitAll returns when so many are Ready.
func (u *user) awaitAll(ctx context.Context, n int) error {
	for {
		ready, more := u.count()
		if ready >= n {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d tenants are Ready: %w", ready, n, context.Cause(ctx))
		}
	}
}

// create applies a tenant.
func (u *user) create(ctx context.Context, name string) error {
	return u.client.Create(ctx, &v1alpha1.Tenant{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       v1alpha1.TenantSpec{Tier: v1alpha1.TierShared},
	})
}

// createAll applies many.
func (u *user) createAll(ctx context.Context, n int) error {
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(atOnce)
	for i := range n {
		all.Go(func() error { return u.create(ctx, fmt.Sprintf("tenant-%05d", i)) })
	}
	return all.Wait()
}

// timed applies a tenant and returns how long it took to be Ready.
func (u *user) timed(ctx context.Context, name string) (time.Duration, error) {
	began := time.Now()
	if err := u.create(ctx, name); err != nil {
		return 0, err
	}
	at, err := u.await(ctx, name)
	return at.Sub(began), err
}
