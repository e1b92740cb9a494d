package replica

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"github.com/bulkhead-dev/bulkhead/runtime/anchor"
	"github.com/bulkhead-dev/bulkhead/runtime/audit"
	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/guard"
	"github.com/bulkhead-dev/bulkhead/runtime/ingest"
	"github.com/bulkhead-dev/bulkhead/runtime/parse"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/server"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/runtime/tenants"
	"github.com/bulkhead-dev/bulkhead/runtime/users"
)

// tenantWorkers is how many tenants are loaded at a time.
const tenantWorkers = 8

// Replica is one runtime process.
type Replica struct {
	config    Config
	cell      *store.Store // nil: the cell has no database
	audit     *audit.Log
	acks      *tenants.Acks
	anchors   *anchor.Anchors
	documents *corpus.Corpus
	queue     *ingest.Queue
	set       atomic.Pointer[tenants.Set] // nil while starting
	api       *server.Listener
	ops       *server.Listener
	serving   errgroup.Group
	leaving   atomic.Bool
}

// New connects to the cell's database if it has one, proves it, and opens both
// ports. Health is served at once, since the database may let us wait; the API
// is with Run.
func New(ctx context.Context, c Config) (*Replica, error) {
	r := &Replica{config: c}
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	var err error
	if r.ops, err = server.Listen(c.OpsAddress, "", server.Ops(r.ready, metrics), c.Log); err != nil {
		return nil, err
	}
	r.serving.Go(r.ops.Run)
	vault, err := seal.NewVault(c.Vault)
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	if c.Database.Host != "" {
		if r.cell, err = store.Open(ctx, c.Database, c.Log); err != nil {
			return nil, errors.Join(err, r.close())
		}
	}
	if err := r.assemble(vault, metrics); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

// assemble wires the parts, each with what it needs of the others.
func (r *Replica) assemble(vault *seal.Vault, metrics prometheus.Registerer) (err error) {
	c := r.config
	r.audit = audit.NewLog(c.Log, metrics)
	r.anchors = anchor.New(c.Kubernetes.CoreV1().ConfigMaps(c.Pod.Namespace), c.Log)
	r.documents = corpus.New(c.Indexes, c.Indexing, c.PurgeAfter, r.anchors, metrics, c.Log)
	keys := users.NewKeyrings()
	limits := guard.NewLimits(c.InFlight, c.Ingests, c.Uploads)
	core := c.Kubernetes.CoreV1()
	r.acks = tenants.NewAcks(core.ConfigMaps(c.Pod.Namespace), c.Pod, c.Log)
	set := tenants.NewSet(tenants.Config{
		Databases: tenants.Databases{Cell: r.cell, Dedicated: c.Dedicated}, Vault: vault, Audit: r.audit,
		Acks: r.acks, Metrics: tenants.NewMetrics(metrics), Log: c.Log,
		Lease: c.Lease, Handover: c.Handover, Workers: tenantWorkers, Opened: r.documents.EnsureEmbedding, Forget: limits.Forget,
		Evict: func(of *seal.Keyring) {
			r.documents.Evict(of)
			keys.Forget(of)
		},
	})
	r.set.Store(set)
	parser := parse.New(c.Parse)
	r.queue = ingest.NewQueue(ingest.Config{
		Tenants: set, Corpus: r.documents, Parser: parser, Limits: limits, Metrics: metrics, Log: c.Log,
		Workers: c.Queue.Workers, Lease: c.Queue.Lease, Poll: c.Queue.Poll, Retry: c.Queue.Retry,
	})
	api := &server.Server{
		Keys: guard.NewAuthenticator(set, keys), Limits: limits, Corpus: r.documents, Parser: parser, Queue: r.queue, QueueLength: c.Queue.Length,
		Metrics: server.NewMetrics(metrics), Log: c.Log, Patience: c.Patience,
	}
	r.api, err = server.Listen(c.APIAddress, c.TLSDir, api.Handler(), c.Log)
	return err
}

// APIAddress is where the tenants' API listens.
func (r *Replica) APIAddress() net.Addr { return r.api.Addr() }

// OpsAddress is where health and metrics are served.
func (r *Replica) OpsAddress() net.Addr { return r.ops.Addr() }

func (r *Replica) ready() error {
	if r.leaving.Load() {
		return errors.New("shutting down")
	}
	set := r.set.Load()
	if set == nil {
		return errors.New("starting")
	}
	return set.Ready()
}

// Run serves until the context ends, then fails readiness, waits for traffic
// to go elsewhere, and lets the requests in flight finish.
func (r *Replica) Run(ctx context.Context) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var tending sync.WaitGroup
	tending.Go(func() { r.acks.Run(background) })
	tending.Go(func() { r.anchors.Run(background) })

	group, failed := errgroup.WithContext(ctx)
	group.Go(r.serving.Wait)
	group.Go(r.api.Run)
	group.Go(func() error {
		if err := r.anchors.Begin(background); err != nil {
			return nil //nolint:nilerr // it is over before it began
		}
		return r.set.Load().Run(background, r.config.Kubernetes, r.config.Pod.Namespace)
	})
	group.Go(func() error {
		r.queue.Run(failed)
		return nil
	})
	group.Go(func() error {
		<-failed.Done()
		defer stop()
		return r.leave()
	})
	err := group.Wait()
	tending.Wait()
	r.documents.Close()
	r.audit.Wait()
	r.set.Load().Close()
	r.closeCell()
	return err
}

func (r *Replica) closeCell() {
	if r.cell != nil {
		r.cell.Close()
	}
}

// leave drains the API, then closes the ops port.
func (r *Replica) leave() error {
	r.leaving.Store(true)
	r.config.Log.Info("shutting down")
	time.Sleep(r.config.Grace)
	ctx, cancel := context.WithTimeout(context.Background(), r.config.Drain)
	defer cancel()
	return errors.Join(r.api.Shutdown(ctx), r.ops.Shutdown(ctx))
}

// close gives back what New had opened before it failed.
func (r *Replica) close() error {
	r.closeCell()
	return errors.Join(r.ops.Shutdown(context.Background()), r.serving.Wait())
}
