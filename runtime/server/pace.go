package server

import (
	"context"
	"io"
	"net/http"
	"time"
)

// minPace is how many bytes a second a client must send, and receive, on
// average.
const minPace = 64 << 10

// pace gives a client time by what it has sent or received: it may fall behind
// minPace by its patience, and be silent for as long. Only the time in which it was
// waited for counts.
type pace struct {
	patience time.Duration
	bytes    int64
	waited   time.Duration
}

// deadline is until when something must have arrived, or n bytes been taken, if
// the client is waited for from now on.
func (p *pace) deadline(n int) time.Time {
	behind := needs(p.bytes+int64(n)) - p.waited
	return time.Now().Add(p.patience + min(behind, needs(int64(n))))
}

// passed takes note of n bytes, for which the client was waited for.
func (p *pace) passed(n int, since time.Time) {
	p.bytes += int64(n)
	p.waited += time.Since(since)
}

func needs(n int64) time.Duration { return time.Duration(n) * time.Second / minPace }

// pacedBody reads a request's body at the pace that is asked of its client.
// After the deadline, and when it is woken, a Read returns os.ErrDeadlineExceeded.
type pacedBody struct {
	io.ReadCloser
	pace
	control *http.ResponseController
	client  context.Context
	receive func(n int) error // told of what arrived; nil: nobody
}

// wake ends a Read that waits.
func (b *pacedBody) wake() { _ = b.control.SetReadDeadline(time.Now()) }

func (b *pacedBody) Read(p []byte) (int, error) {
	if err := b.control.SetReadDeadline(b.deadline(0)); err != nil {
		return 0, err
	}
	if b.client.Err() != nil { // wake may have been too early for the deadline
		return 0, context.Cause(b.client)
	}
	start := time.Now()
	n, err := b.ReadCloser.Read(p)
	b.passed(n, start)
	if b.receive != nil && n > 0 {
		if full := b.receive(n); full != nil {
			return n, full
		}
	}
	return n, err
}
