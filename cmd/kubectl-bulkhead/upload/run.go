package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
)

// Options say what to send where.
type Options struct {
	Tenant  string
	URL     string // of the tenant's API; found in the cluster when empty
	KeyFile string // with an API key; the tenant's first one when empty

	Paths       []string
	Prefix      string // of the documents' names
	Concurrency int
	DryRun      bool

	Config   func() (*rest.Config, error) // of the cluster
	Out      io.Writer                    // of a dry run
	Progress io.Writer
	Report   time.Duration // how often Progress is told how far it is
}

const (
	pollEvery  = time.Second
	pollRarely = 10 * time.Second
)

// Run sends the files and waits until they are documents, or are refused. What was sent
// by a run that was interrupted is not read again. An error means that not all was
// tried.
func Run(ctx context.Context, o Options) (*Summary, error) {
	files, skipped, err := collect(o.Paths, o.Prefix)
	if err != nil {
		return nil, err
	}
	if o.DryRun {
		return plan(o.Out, files, skipped), nil
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop() // the forwarding, too
	a, err := target(ctx, o)
	if err != nil {
		return nil, err
	}
	if _, err := a.list(ctx, "failed"); err != nil { // before all the files fail for it
		return nil, fmt.Errorf("the tenant's API does not answer as it should: %w", err)
	}
	r := &run{api: a, waiting: map[string]string{}, summary: Summary{Skipped: skipped}, files: len(files)}
	for _, f := range files {
		r.bytes += f.bytes
	}
	defer r.report(o.Progress, o.Report)()
	if err := r.sendAll(ctx, files, o.Concurrency); err != nil {
		return nil, err
	}
	return &r.summary, r.await(ctx)
}

// plan says what would be sent.
func plan(out io.Writer, files []file, skipped int) *Summary {
	for _, f := range files {
		fmt.Fprintf(out, "%s\t%s\t%d bytes\n", f.name, f.media, f.bytes)
	}
	return &Summary{Planned: len(files), Skipped: skipped}
}

// run is one bulk upload.
type run struct {
	api *api

	mu      sync.Mutex
	summary Summary
	files   int
	bytes   int64
	sent    int64             // bytes
	waiting map[string]string // names of what is being read, by id
}

func (r *run) sendAll(ctx context.Context, files []file, concurrency int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(concurrency)
	for _, f := range files {
		group.Go(func() error { return r.send(ctx, f) })
	}
	return group.Wait()
}

// send sends one file. Only what would go wrong with every file is an error.
func (r *run) send(ctx context.Context, f file) error {
	doc, unchanged, err := r.api.send(ctx, f)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent += f.bytes
	refused := (*reason)(nil)
	switch {
	case err == nil && unchanged:
		r.summary.Unchanged++
	case err == nil:
		r.waiting[doc.ID] = f.name
	case errors.As(err, &refused) && !refused.general():
		r.summary.fail(f.name, refused)
	default:
		return fmt.Errorf("%s: %w", f.path, err)
	}
	return nil
}

// general reports whether other files would be refused for the same reason.
func (r *reason) general() bool {
	switch r.Code {
	case "invalid_api_key", "tenant_retained", "tenant_read_only", "tenant_suspended", "tenant_quarantined", "key_revoked":
		return true
	}
	return false
}

// await waits until nothing that was sent is in progress.
func (r *run) await(ctx context.Context) error {
	for pause := pollEvery; len(r.waiting) > 0; pause = min(2*pause, pollRarely) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		before := len(r.waiting)
		if err := r.look(ctx); err != nil {
			return err
		}
		if len(r.waiting) < before {
			pause = pollEvery
		}
	}
	return nil
}

// look takes account of what is through. What is neither in progress nor failed is
// completed.
func (r *run) look(ctx context.Context) error {
	progressing, err := r.api.list(ctx, "in_progress")
	if err != nil {
		return err
	}
	failed, err := r.api.list(ctx, "failed")
	if err != nil {
		return err
	}
	still := map[string]bool{}
	for _, doc := range progressing {
		still[doc.ID] = true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, doc := range failed {
		if name, mine := r.waiting[doc.ID]; mine {
			r.summary.fail(name, doc.LastError)
			delete(r.waiting, doc.ID)
		}
	}
	for id := range r.waiting {
		if !still[id] {
			r.summary.Completed++
			delete(r.waiting, id)
		}
	}
	return nil
}

// report tells once in a while how far the run is, until it is stopped.
func (r *run) report(out io.Writer, every time.Duration) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-time.After(every):
				r.mu.Lock()
				through := r.summary.Completed + r.summary.Unchanged + len(r.summary.Failures)
				fmt.Fprintf(out, "%d of %d files through, %d being read, %d failed, %d of %d MiB sent\n",
					through, r.files, len(r.waiting), len(r.summary.Failures), r.sent>>20, r.bytes>>20)
				r.mu.Unlock()
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}
