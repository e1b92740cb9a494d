package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// watch follows the tenants of this run from now on, until stop. Each may take as long as limit.
func (b *bed) watch(ctx context.Context, limit time.Duration) (stop func(), err error) {
	url, closeProxy, err := b.cluster.Proxy(ctx)
	if err != nil {
		return nil, err
	}
	b.tenants = &tenants{api: url, run: b.run, limit: limit, ready: map[string]chan time.Time{}, lost: make(chan struct{})}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet,
		url+tenantsPath+"?watch=true&timeoutSeconds=7200&labelSelector="+labelRun+"%3D"+b.run, nil)
	if err != nil {
		closeProxy()
		return nil, err
	}
	response, err := http.DefaultClient.Do(request) //nolint:bodyclose // stop closes it
	if err == nil && response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		err = fmt.Errorf("watch tenants: %s", response.Status)
	}
	if err != nil {
		closeProxy()
		return nil, err
	}
	go b.tenants.follow(response.Body)
	return func() { _ = response.Body.Close(); closeProxy() }, nil
}

// event is what the benchmark reads of a watch event.
type event struct {
	Object struct {
		Metadata struct{ Name string }
		Status   struct{ Conditions []condition }
	}
}

type condition struct{ Type, Status string }

func (e event) ready() bool {
	return slices.Contains(e.Object.Status.Conditions, condition{"Ready", "True"})
}

// follow reads events until the stream ends.
func (t *tenants) follow(stream io.Reader) {
	events := json.NewDecoder(stream)
	for {
		var e event
		if err := events.Decode(&e); err != nil {
			t.err = err
			close(t.lost)
			return
		}
		if e.ready() {
			t.saw(e.Object.Metadata.Name, time.Now())
		}
	}
}
