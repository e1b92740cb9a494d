package envtest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	controllerconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/bulkhead-dev/bulkhead/controllers"
	"github.com/bulkhead-dev/bulkhead/controllers/configuration"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault/vaulttest"
)

// Images by digest, as the configuration demands.
var (
	imageA  = "registry.example/bulkhead/runtime@sha256:" + strings.Repeat("a", 64)
	imageB  = "registry.example/bulkhead/runtime@sha256:" + strings.Repeat("b", 64)
	imagePG = "registry.example/postgresql:17@sha256:" + strings.Repeat("c", 64)
)

// operator is one process of the operator: its reconcilers, its caches and its
// connection to the API server, over which faults can be injected.
type operator struct {
	*controllers.Reconcilers
	wire *wire
	stop func()
}

// clock is the operator's time, which tests move.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time           { return time.Now().Add(time.Duration(c.offset.Load())) }
func (c *clock) advance(by time.Duration) { c.offset.Add(int64(by)) }

func config(image string) configuration.Configuration {
	c, err := configuration.Parse([]byte(fmt.Sprintf(`
apiVersion: config.bulkhead.dev/v1alpha1
kind: Configuration
images: {runtime: %q, postgresql: %q}
vault:
  address: https://vault.vault.svc:8200
  egress: {port: 8200, peers: [{namespace: vault, podLabels: {app.kubernetes.io/name: vault}}]}
`, image, imagePG)))
	Expect(err).NotTo(HaveOccurred())
	return c
}

// startOperator starts a process with nothing in memory.
func startOperator(keys *vaulttest.Fake, time *clock, config configuration.Configuration) *operator {
	w := newWire()
	mgr := newManager(w, controllers.CacheOptions())
	ctx, cancel := context.WithCancel(context.Background())
	reconcilers, err := controllers.New(ctx, mgr, optionsOf(keys, time, config))
	Expect(err).NotTo(HaveOccurred())
	Expect(reconcilers.Start(mgr)).To(Succeed())
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		defer GinkgoRecover()
		defer done.Done()
		Expect(mgr.Start(ctx)).To(Succeed())
	}()
	Expect(mgr.GetCache().WaitForCacheSync(ctx)).To(BeTrue())
	return &operator{Reconcilers: reconcilers, wire: w, stop: func() { cancel(); done.Wait() }}
}

func optionsOf(keys *vaulttest.Fake, time *clock, config configuration.Configuration) controllers.Options {
	return controllers.Options{
		Config:  config,
		Manager: desired.ServiceAccount(desired.SystemNamespace, "bulkhead-manager"),
		Keys:    keys,
		Mounts:  keys,
		Clock:   time.now,
	}
}

// newManager makes a manager with the operator's rights, over the wire.
func newManager(w *wire, options cache.Options) manager.Manager {
	GinkgoHelper()
	cfg := rest.CopyConfig(adminConfig)
	cfg.Impersonate = rest.ImpersonationConfig{UserName: operatorUser, Groups: []string{"system:serviceaccounts", "system:authenticated"}}
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper { w.next = next; return w })
	scheme, err := controllers.NewScheme()
	Expect(err).NotTo(HaveOccurred())
	mgr, err := ctrl.NewManager(cfg, manager.Options{
		Scheme:  scheme,
		Cache:   options,
		Client:  controllers.ClientOptions(),
		Metrics: metricsserver.Options{BindAddress: "0"},
		// Specs start one operator after the other.
		Controller: controllerconfig.Controller{SkipNameValidation: ptr.To(true)},
	})
	Expect(err).NotTo(HaveOccurred())
	return mgr
}

func (o *operator) cell(ctx context.Context, name string) (reconcile.Result, error) {
	ctx, cancel := o.wire.mortal(ctx)
	defer cancel()
	return o.Cell.Reconcile(ctx, requestFor(name))
}

func (o *operator) tenant(ctx context.Context, name string) (reconcile.Result, error) {
	ctx, cancel := o.wire.mortal(ctx)
	defer cancel()
	return o.Tenant.Reconcile(ctx, requestFor(name))
}

func requestFor(name string) reconcile.Request {
	var r reconcile.Request
	r.Name = name
	return r
}
