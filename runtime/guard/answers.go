package guard

import "github.com/bulkhead-dev/bulkhead/runtime/tenants"

// Answer counts an answer, or vectors, by a model of somebody else, which can take
// minutes. Of the requests in flight half may wait for models, and an eighth for those of
// one tenant, so that a provider that is slow holds up nobody's searches. Errors:
// ErrConcurrency, ErrLoad.
func (l *Limits) Answer(t *tenants.Tenant) (done func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	mine := l.usage(t)
	switch {
	case mine.answers >= max(1, l.share/2):
		return nil, ErrConcurrency
	case l.answers >= max(1, l.share*2):
		return nil, ErrLoad
	}
	l.answers++
	mine.answers++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.answers--
		mine.answers--
	}, nil
}
