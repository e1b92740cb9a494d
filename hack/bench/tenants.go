package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	tenantsPath = "/apis/bulkhead.dev/v1alpha1/tenants"
	labelRun    = "bench-run"
)

// tenants makes tenants and sees them become Ready.
type tenants struct {
	api   string // URL of the Kubernetes API
	run   string
	limit time.Duration // how long one may take

	mu    sync.Mutex
	ready map[string]chan time.Time // by name
	lost  chan struct{}             // closed when the watch has ended
	err   error                     // why
}

// sharedSpec is that of a Shared tenant in the cell bench.
func sharedSpec() map[string]any {
	return map[string]any{
		"tier":         "Shared",
		"cellSelector": map[string]any{"matchLabels": map[string]string{"purpose": "bench"}},
	}
}

// make creates tenants at once and returns how long each took to be Ready.
func (t *tenants) make(ctx context.Context, spec map[string]any, names ...string) ([]time.Duration, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, t.limit, fmt.Errorf("not Ready within %s", t.limit))
	defer cancel()
	took := make([]time.Duration, len(names))
	all, ctx := errgroup.WithContext(ctx)
	for i, name := range names {
		all.Go(func() (err error) {
			took[i], err = t.one(ctx, spec, name)
			return err
		})
	}
	return took, all.Wait()
}

func (t *tenants) one(ctx context.Context, spec map[string]any, name string) (time.Duration, error) {
	seen := t.expect(name)
	began := time.Now()
	if err := t.create(ctx, spec, name); err != nil {
		return 0, err
	}
	select {
	case at := <-seen:
		return at.Sub(began), nil
	case <-t.lost:
		return 0, fmt.Errorf("the watch of tenants ended: %w", t.err)
	case <-ctx.Done():
		return 0, fmt.Errorf("tenant %s: %w", name, context.Cause(ctx))
	}
}

func (t *tenants) expect(name string) <-chan time.Time {
	seen := make(chan time.Time, 1)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ready[name] = seen
	return seen
}

// saw takes note of a Ready tenant, the first time.
func (t *tenants) saw(name string, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if seen, expected := t.ready[name]; expected {
		seen <- at
		delete(t.ready, name)
	}
}

func (t *tenants) create(ctx context.Context, spec map[string]any, name string) error {
	manifest, err := json.Marshal(map[string]any{
		"apiVersion": "bulkhead.dev/v1alpha1",
		"kind":       "Tenant",
		"metadata":   map[string]any{"name": name, "labels": map[string]string{labelRun: t.run}},
		"spec":       spec,
	})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.api+tenantsPath, bytes.NewReader(manifest))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusCreated {
		err = errors.New(string(body))
	}
	if err != nil {
		return fmt.Errorf("create tenant %s: %w", name, err)
	}
	return nil
}
