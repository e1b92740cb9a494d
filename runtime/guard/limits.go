package guard

import (
	"errors"
	"math"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/bulkhead-dev/bulkhead/runtime/tenants"
)

// Why a request is put off.
var (
	ErrRate        = errors.New("too many requests a minute")
	ErrConcurrency = errors.New("too many requests at a time")
	ErrIngests     = errors.New("too many uploads at a time")
	ErrLoad        = errors.New("the server is busy")
)

// Limits bounds the requests of each tenant and of all. It is safe for
// concurrent use.
type Limits struct {
	inFlight *semaphore.Weighted
	ingests  *semaphore.Weighted
	share    int64 // of the requests in flight, that one tenant may have
	room     int64 // bytes of uploads in memory

	mu       sync.Mutex
	received int64 // of room
	tenants  map[uuid.UUID]*usage
}

type usage struct {
	requests *rate.Limiter
	inFlight int64
	uploads  int32
	parses   *semaphore.Weighted
	received int64 // bytes of its uploads in memory
}

// NewLimits bounds the process to a number of requests at a time, of uploads
// that are worked on at a time, and of bytes of uploads in memory. One tenant
// may have a quarter of those requests, so that a database that does not answer
// holds up its own tenant only, and half of those bytes.
func NewLimits(inFlight, ingests, uploadBytes int64) *Limits {
	return &Limits{
		share: max(1, inFlight/4), room: uploadBytes,
		inFlight: semaphore.NewWeighted(inFlight), ingests: semaphore.NewWeighted(ingests),
		tenants: map[uuid.UUID]*usage{},
	}
}

// Enter counts a request against the whole process. Errors: ErrLoad.
func (l *Limits) Enter() (leave func(), err error) {
	if !l.inFlight.TryAcquire(1) {
		return nil, ErrLoad
	}
	return func() { l.inFlight.Release(1) }, nil
}

// Allowance is what a tenant has left, as the x-ratelimit headers tell.
type Allowance struct {
	Limit     int32 // requests a minute
	Remaining int32
	Reset     time.Duration // until all of Limit is there again
	Retry     time.Duration // until the next request is allowed, zero when one is
}

// Take counts a request against its tenant: a bucket of a minute's requests,
// filled evenly. Errors: ErrRate.
func (l *Limits) Take(t *tenants.Tenant) (Allowance, error) {
	perMinute := t.Limits.RequestsPerMinute
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket := l.usage(t).requests
	if every := rate.Every(time.Minute / time.Duration(perMinute)); bucket.Limit() != every {
		bucket.SetLimit(every)
		bucket.SetBurst(int(perMinute))
	}
	now := time.Now()
	allowed := bucket.AllowN(now, 1)
	left := bucket.TokensAt(now)
	a := Allowance{Limit: perMinute, Remaining: int32(math.Max(0, left)), Reset: fill(bucket, float64(perMinute)-left)}
	if !allowed {
		a.Retry = fill(bucket, 1-left)
		return a, ErrRate
	}
	return a, nil
}

func fill(b *rate.Limiter, tokens float64) time.Duration {
	return time.Duration(tokens / float64(b.Limit()) * float64(time.Second))
}

// Hold counts a request in flight against its tenant. Errors: ErrConcurrency.
func (l *Limits) Hold(t *tenants.Tenant) (done func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	mine := l.usage(t)
	if mine.inFlight >= l.share {
		return nil, ErrConcurrency
	}
	mine.inFlight++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		mine.inFlight--
	}, nil
}

func (l *Limits) usage(t *tenants.Tenant) *usage {
	mine, ok := l.tenants[t.Tenant.ID]
	if !ok {
		perMinute := t.Limits.RequestsPerMinute
		mine = &usage{
			requests: rate.NewLimiter(rate.Every(time.Minute/time.Duration(perMinute)), int(perMinute)),
			parses:   semaphore.NewWeighted(1),
		}
		l.tenants[t.Tenant.ID] = mine
	}
	return mine
}

// Forget drops what is known of a tenant that is no longer served here.
func (l *Limits) Forget(tenant uuid.UUID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.tenants, tenant)
}
