package tenants

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// Why a Secret is not brought into effect; the last good Binding stays.
var (
	errRegressed  = errors.New("epoch or incarnation is lower than the one in effect")
	errMislabeled = errors.New("name, type or labels are not those of its Binding")
)

// Run watches the Bindings among a namespace's Secrets and sees to the tenants
// until the context ends.
func (s *Set) Run(ctx context.Context, client kubernetes.Interface, namespace string) error {
	informer := cache.NewSharedInformer(bindings(client, namespace), &corev1.Secret{}, 0)
	handler, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { s.observe(object) },
		UpdateFunc: func(_, object any) { s.observe(object) },
		DeleteFunc: func(object any) { s.vanish(object) },
	})
	if err != nil {
		return fmt.Errorf("watch Bindings: %w", err)
	}
	var running sync.WaitGroup
	running.Go(func() { informer.RunWithContext(ctx) })
	for range s.Workers {
		running.Go(func() {
			work(s.queue, func(id uuid.UUID) time.Duration { return s.tend(ctx, id) })
		})
	}
	for range connectWorkers {
		running.Go(func() {
			work(s.connecting, func(id uuid.UUID) time.Duration { return s.connect(ctx, id) })
		})
	}
	if cache.WaitForCacheSync(ctx.Done(), handler.HasSynced) {
		s.begin()
	}
	<-ctx.Done()
	s.queue.ShutDown()
	s.connecting.ShutDown()
	running.Wait()
	return nil
}

func bindings(client kubernetes.Interface, namespace string) cache.ListerWatcher {
	secrets := client.CoreV1().Secrets(namespace)
	selector := binding.LabelKind + "=" + binding.KindBinding
	return cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (kruntime.Object, error) {
			o.LabelSelector = selector
			return secrets.List(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.LabelSelector = selector
			return secrets.Watch(ctx, o)
		},
	}, client)
}

func (s *Set) observe(object any) {
	secret, ok := object.(*corev1.Secret)
	if !ok || secret.Labels[binding.LabelKind] != binding.KindBinding {
		return
	}
	b, revision, err := read(secret)
	if err == nil {
		err = s.put(b, revision)
	}
	if err != nil {
		s.Metrics.rejected(err)
		s.Log.Error("Binding refused, the last good one stays in effect", "secret", secret.Name, "error", err.Error())
	}
}

func (s *Set) vanish(object any) {
	if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = gone.Obj
	}
	secret, ok := object.(*corev1.Secret)
	if !ok {
		return
	}
	if id, err := uuid.Parse(secret.Labels[binding.LabelTenantID]); err == nil && secret.Name == secretName(id) {
		s.remove(id)
	}
}

// read decodes a Secret whose identity must agree in name, label and content.
func read(secret *corev1.Secret) (binding.Binding, string, error) {
	data := secret.Data[binding.SecretKey]
	b, err := binding.Decode(data)
	if err != nil {
		return binding.Binding{}, "", err
	}
	id := b.Tenant.ID
	if secret.Type != binding.SecretType || secret.Name != secretName(id) || secret.Labels[binding.LabelTenantID] != id.String() {
		return binding.Binding{}, "", errMislabeled
	}
	return b, binding.Revision(data), nil
}

func secretName(tenant uuid.UUID) string { return "tenant-" + tenant.String() }
