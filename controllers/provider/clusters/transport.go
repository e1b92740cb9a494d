package clusters

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// requestTimeout bounds one request to a tenant's own cluster.
const requestTimeout = 10 * time.Second

// errOffline is the answer to every request while a cluster does not answer.
var errOffline = errors.New("the cluster does not answer")

// guard is a RoundTripper that bounds every request and, once one got no
// answer, lets none through until the probe found the cluster again.
type guard struct {
	next http.RoundTripper
	open *atomic.Bool // the breaker
	// failed is told of a request without an answer.
	failed func()
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(request *http.Request) (*http.Response, error) {
	if g.open.Load() {
		return nil, errOffline
	}
	ctx, cancel := context.WithTimeout(request.Context(), requestTimeout)
	response, err := g.next.RoundTrip(request.WithContext(ctx))
	if err != nil {
		cancel()
		if request.Context().Err() == nil && !g.open.Swap(true) {
			g.failed()
		}
		return nil, err
	}
	response.Body = &body{response.Body, cancel}
	return response, nil
}

// body keeps the deadline until the response was read.
type body struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b *body) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
