package scale

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/tenants"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
	"github.com/bulkhead-dev/bulkhead/test/kube"
)

// podNames are the replicas of each cell's runtime.
var podNames = []string{"runtime-a", "runtime-b"}

// podWorkers is how many tenants a runtime pod sees to at a time.
const podWorkers = 8

// pod stands in for one runtime pod of a shared cell. It has that pod's
// identity and rights, watches the real Bindings of its namespace, and writes
// its acknowledgements with the runtime's own code. It has no database and
// serves nobody. The first replica of a cell logs in to Vault as each tenant's
// role and wraps a data key, as the replica does that is the first to see a tenant.
type pod struct {
	acks  *tenants.Acks
	vault *seal.Vault // nil: another replica wraps the keys
	queue workqueue.TypedInterface[*corev1.Secret]
	fail  context.CancelCauseFunc
}

// startPods starts the stand-in for a cell's runtime. It ends with the context,
// and ends it when something that must not happen does.
func startPods(ctx context.Context, fail context.CancelCauseFunc, k *kube.Kubernetes, bao *fixture.OpenBao, cell, dir string) error {
	space := desired.RuntimeNamespace(cell)
	connection, err := k.As(ctx, space, desired.RuntimeServiceAccount)
	if err != nil {
		return err
	}
	token, err := k.Token(ctx, space, desired.RuntimeServiceAccount, fixture.Audience)
	if err != nil {
		return err
	}
	tokenFile := filepath.Join(dir, space)
	if err := os.WriteFile(tokenFile, []byte(token), 0o600); err != nil {
		return err
	}
	vault, err := seal.NewVault(seal.VaultConfig{Address: bao.Address, CAFile: bao.CAFile, AuthMount: fixture.AuthMount, TokenFile: tokenFile})
	if err != nil {
		return err
	}
	for _, name := range podNames {
		uid, err := uidOf(ctx, k, space, name)
		if err != nil {
			return err
		}
		p := &pod{vault: vault, queue: workqueue.NewTyped[*corev1.Secret](), fail: fail}
		if err := p.start(ctx, connection, tenants.Pod{Namespace: space, Name: name, UID: uid}); err != nil {
			return err
		}
		vault = nil
	}
	return nil
}

func uidOf(ctx context.Context, k *kube.Kubernetes, namespace, pod string) (string, error) {
	admin, err := client.New(k.Admin, client.Options{})
	if err != nil {
		return "", err
	}
	var made corev1.Pod
	err = admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: pod}, &made)
	return string(made.UID), err
}

func (p *pod) start(ctx context.Context, connection *rest.Config, self tenants.Pod) error {
	c, err := kubernetes.NewForConfig(connection)
	if err != nil {
		return err
	}
	p.acks = tenants.NewAcks(c.CoreV1().ConfigMaps(self.Namespace), self, slog.New(slog.DiscardHandler))
	factory := informers.NewSharedInformerFactoryWithOptions(c, 0, informers.WithNamespace(self.Namespace),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = binding.LabelKind + "=" + binding.KindBinding }))
	if _, err := factory.Core().V1().Secrets().Informer().AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { p.queue.Add(object.(*corev1.Secret)) },
		UpdateFunc: func(_, object any) { p.queue.Add(object.(*corev1.Secret)) },
	}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	go p.acks.Run(ctx)
	p.acks.Wake() // a runtime without tenants says so, too
	context.AfterFunc(ctx, p.queue.ShutDown)
	for range podWorkers {
		go p.work(ctx)
	}
	return nil
}

func (p *pod) work(ctx context.Context) {
	for {
		secret, over := p.queue.Get()
		if over {
			return
		}
		if err := p.tend(ctx, secret); err != nil && ctx.Err() == nil {
			p.fail(fmt.Errorf("the stand-in for a runtime pod, on %s/%s: %w", secret.Namespace, secret.Name, err))
		}
		p.queue.Done(secret)
	}
}

// tend brings a Binding into effect.
func (p *pod) tend(ctx context.Context, secret *corev1.Secret) error {
	b, err := binding.Decode(secret.Data[binding.SecretKey])
	if err != nil {
		return err
	}
	if p.vault != nil && !p.acks.Has(b.Tenant.ID) {
		key := make([]byte, 32)
		_, _ = rand.Read(key) // never fails
		if _, err := p.vault.KEK(b.Key).Wrap(ctx, key, b.Tenant.ID[:]); err != nil {
			return err
		}
	}
	p.acks.Set(b.Tenant.ID, binding.Acknowledgement{Revision: binding.Revision(secret.Data[binding.SecretKey]), Key: binding.KeyOK})
	return nil
}
