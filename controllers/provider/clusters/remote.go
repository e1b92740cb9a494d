package clusters

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/nscache"
)

// probeInterval is how often a cluster is asked whether it is there.
const probeInterval = 10 * time.Second

// probeTimeout is how long it may take to answer.
const probeTimeout = 5 * time.Second

// reviewerProbes is after how many probes the reviewer's token is read again, so
// that Vault has a new one within a minute.
const reviewerProbes = 3

// syncTimeout is how long the first listing of a cluster may take.
const syncTimeout = 20 * time.Second

// remote is the connection to a tenant's own cluster.
type remote struct {
	hash    [sha256.Size]byte // of the kubeconfig
	options Options
	stop    context.CancelFunc
	// withdrawn gives the connection up, and says so, once there is no kubeconfig any more.
	withdrawn func(context.Context) bool

	config *rest.Config
	open   atomic.Bool   // the breaker of the guarded client
	failed chan struct{} // a request got no answer: probe now

	mu      sync.Mutex
	cluster *Cluster // nil until connected
	problem *NotReady
	before  *remote // serves while this one is being made; nil for none
}

// newRemote begins to connect. as is whom to act as; empty for whom the kubeconfig says.
func newRemote(base context.Context, hash [sha256.Size]byte, kubeconfig []byte, as string, before *remote, options Options, withdrawn func(context.Context) bool) *remote {
	ctx, stop := context.WithCancel(base)
	r := &remote{hash: hash, options: options, stop: stop, withdrawn: withdrawn, failed: make(chan struct{}, 1), before: before}
	config, err := parse(kubeconfig)
	if err != nil {
		r.settle(&NotReady{v1alpha1.ReasonKubeconfigInvalid, "the kubeconfig cannot be used: " + err.Error()})
		return r
	}
	if as != "" {
		config.Impersonate = rest.ImpersonationConfig{UserName: as}
	}
	r.config = config
	r.problem = &NotReady{v1alpha1.ReasonClusterConnecting, "the connection to " + config.Host + " is being made"}
	go r.run(ctx)
	return r
}

// state returns the cluster, or why there is none now.
func (r *remote) state() (*Cluster, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.before != nil:
		return r.before.state()
	case r.problem != nil:
		return nil, r.problem
	}
	return r.cluster, nil
}

// settle records how the cluster is, and ends the connection that served meanwhile.
func (r *remote) settle(problem *NotReady) (changed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	changed = r.before != nil || (problem == nil) != (r.problem == nil) || (problem != nil && *problem != *r.problem)
	r.problem = problem
	if r.before != nil {
		r.before.end()
		r.before = nil
	}
	return changed
}

// end gives the connection up.
func (r *remote) end() {
	r.stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.before != nil {
		r.before.end()
	}
}

// run probes until the connection is given up.
func (r *remote) run(ctx context.Context) {
	for probes := 1; !r.withdrawn(ctx); probes++ {
		r.observe(ctx, probes%reviewerProbes == 0)
		select {
		case <-ctx.Done():
			return
		case <-r.failed:
		case <-time.After(probeInterval + rand.N(probeInterval/10)): //nolint:gosec // no secret
		}
	}
}

// observe finds out how the cluster is and tells of a change.
func (r *remote) observe(ctx context.Context, reviewerToo bool) {
	problem := r.look(ctx)
	r.open.Store(problem != nil && problem.Reason == v1alpha1.ReasonClusterOffline)
	changed := r.settle(problem)
	if problem == nil && reviewerToo && r.renewReviewer(ctx) {
		changed = true
	}
	if changed && ctx.Err() == nil {
		r.options.Changed(ctx)
	}
}

// renewReviewer takes up the token of a reviewer's Secret that was replaced. Without
// one, Vault keeps what it has: who deleted the Secret has locked it out.
func (r *remote) renewReviewer(ctx context.Context) (changed bool) {
	r.mu.Lock()
	known := r.cluster
	r.mu.Unlock()
	token, err := readReviewerToken(ctx, known.Live)
	if err != nil || token == "" || token == known.Reviewer.Token {
		return false // what cannot be read now is read again
	}
	reviewer, renewed := *known.Reviewer, *known // others read the one before
	reviewer.Token = token
	renewed.Reviewer = &reviewer
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cluster = &renewed
	return true
}

func (r *remote) look(ctx context.Context) *NotReady {
	if err := r.answers(ctx); err != nil {
		log.FromContext(ctx).V(1).Info("a cluster does not answer", "host", r.config.Host, "error", err.Error())
		return &NotReady{v1alpha1.ReasonClusterOffline, "the API server " + r.config.Host + " does not answer or refuses the kubeconfig; what runs there goes on, and this goes on when it answers"}
	}
	if r.connected() {
		return nil
	}
	made, missing, err := r.connect(ctx)
	switch {
	case err != nil:
		return &NotReady{v1alpha1.ReasonClusterConnecting, "the connection to " + r.config.Host + " cannot be made: " + err.Error()}
	case len(missing) > 0:
		slices.Sort(missing)
		return &NotReady{v1alpha1.ReasonPrerequisitesMissing, fmt.Sprintf("the cluster lacks %s; install CloudNativePG and apply config/remote there", strings.Join(missing, ", "))}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cluster = made
	return nil
}

func (r *remote) connected() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cluster != nil
}

// answers asks for the version, which every authenticated user may read.
func (r *remote) answers(ctx context.Context) error {
	config := rest.CopyConfig(r.config)
	config.Timeout = probeTimeout
	asking, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	return asking.RESTClient().Get().AbsPath("/version").Do(ctx).Error()
}

// connect checks the prerequisites and starts the cluster's caches.
func (r *remote) connect(ctx context.Context) (made *Cluster, missing []string, err error) {
	guarded := r.guarded()
	connection, err := cluster.New(r.config, func(o *cluster.Options) {
		o.Scheme, o.Cache, o.Client = r.options.Scheme, r.options.Cache(), r.options.Client()
		// Caches retry by themselves and may wait; workers may not.
		o.NewClient = func(_ *rest.Config, options client.Options) (client.Client, error) {
			options.HTTPClient = nil
			return client.New(guarded, options)
		}
	})
	if err != nil {
		return nil, nil, err
	}
	live, err := client.New(guarded, client.Options{Scheme: r.options.Scheme, Mapper: connection.GetRESTMapper()})
	if err != nil {
		return nil, nil, err
	}
	token, missing, err := prerequisites(ctx, live)
	if err != nil || len(missing) > 0 {
		return nil, missing, err
	}
	operator, err := whoAmI(ctx, live)
	if err != nil {
		return nil, nil, err
	}
	uid, err := uidOf(ctx, live)
	if err != nil {
		return nil, nil, err
	}
	caches, err := r.startCaches(ctx, connection, live)
	return &Cluster{
		UID: uid, Client: connection.GetClient(), Live: live, Caches: caches, Operator: operator,
		Reviewer: &Reviewer{Host: r.config.Host, CA: string(r.config.CAData), Token: token},
	}, nil, err
}

// startCaches starts what lives as long as the connection, and waits until the
// cluster-wide cache has listed.
func (r *remote) startCaches(ctx context.Context, connection cluster.Cluster, live client.Reader) (*nscache.Caches, error) {
	life, end := context.WithCancel(ctx)
	connected := false
	defer func() {
		if !connected {
			end()
		}
	}()
	options := r.options.Namespaces
	options.Config, options.Mapper, options.Live = r.config, connection.GetRESTMapper(), live
	caches := nscache.New(options)
	go func() { _ = caches.Start(life) }() // returns nil when its context ends
	go func() { _ = connection.Start(life) }()
	syncing, cancel := context.WithTimeout(ctx, syncTimeout)
	defer cancel()
	for _, kind := range []client.Object{&corev1.Namespace{}, &discoveryv1.EndpointSlice{}} {
		if _, err := connection.GetCache().GetInformer(syncing, kind); err != nil {
			return nil, err
		}
	}
	if !connection.GetCache().WaitForCacheSync(syncing) {
		return nil, errors.New("its namespaces could not be listed in time")
	}
	if err := r.options.Connected(connection.GetCache()); err != nil {
		return nil, err
	}
	connected = true
	return caches, nil
}

// guarded is the configuration of what workers wait for.
func (r *remote) guarded() *rest.Config {
	config := rest.CopyConfig(r.config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return &guard{next: next, open: &r.open, failed: func() {
			select {
			case r.failed <- struct{}{}:
			default: // a probe is due already
			}
		}}
	})
	return config
}
