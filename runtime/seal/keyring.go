package seal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// Purpose is what a data key is for.
type Purpose string

// The purposes of data keys.
const (
	Data Purpose = "data" // seals
	MAC  Purpose = "mac"  // authenticates names and contents without revealing them
)

// WrappedKey is a data key outside of a Keyring.
type WrappedKey struct {
	ID      uuid.UUID
	Purpose Purpose
	Epoch   int64
	Wrapped string
}

// Keyring holds one tenant's data keys under a lease: they are zeroed when the
// lease ends or the KEK denies access. It is safe for concurrent use.
type Keyring struct {
	tenant uuid.UUID
	lease  time.Duration
	now    func() time.Time

	mu      sync.RWMutex
	keys    map[uuid.UUID][]byte
	current map[Purpose]WrappedKey // of the highest epoch
	until   time.Time              // end of the lease
	expiry  *time.Timer            // zeroes the keys then; nil before the first lease
	state   binding.KeyState
	closed  bool // no answer of the KEK brings keys back

	lapsed func() // nil: nobody wants to know
}

// NewKeyring makes an empty Keyring. The lease is how long keys are used after
// the KEK last gave access to them.
func NewKeyring(tenant uuid.UUID, lease time.Duration, now func() time.Time) *Keyring {
	return &Keyring{tenant: tenant, lease: lease, now: now, state: binding.KeyUnreachable}
}

// OnLapse has lapsed called whenever a lease has ended and the keys are zeroed, whoever is
// waiting for the KEK meanwhile. It is said before the first Renew.
func (k *Keyring) OnLapse(lapsed func()) { k.lapsed = lapsed }

// Tenant is whose keys these are.
func (k *Keyring) Tenant() uuid.UUID { return k.tenant }

// Generate makes the tenant's first data keys, wrapped.
func Generate(ctx context.Context, tenant uuid.UUID, kek KEK) ([]WrappedKey, error) {
	var all []WrappedKey
	for _, purpose := range []Purpose{Data, MAC} {
		key := make([]byte, keyBytes)
		_, _ = rand.Read(key) // never fails
		made := WrappedKey{ID: uuid.New(), Purpose: purpose, Epoch: 1}
		wrapped, err := kek.Wrap(ctx, key, made.associated(tenant))
		clear(key)
		if err != nil {
			return nil, err
		}
		made.Wrapped = wrapped
		all = append(all, made)
	}
	return all, nil
}

// associated binds a wrapped key to its row, so that keys can not be swapped.
func (w WrappedKey) associated(tenant uuid.UUID) []byte {
	return Bind([]byte("bulkhead/dek/v1"), tenant[:], w.ID[:], []byte(w.Purpose), []byte(strconv.FormatInt(w.Epoch, 10)))
}

// Renew proves access to the KEK and begins a lease that counts from before
// the proof. While a lease runs one key proves access for all, and the keys
// stay in place; else all are unwrapped. ErrDenied zeroes the keys,
// ErrUnreachable leaves them until the lease ends.
func (k *Keyring) Renew(ctx context.Context, kek KEK, wrapped []WrappedKey) error {
	until := k.now().Add(k.lease)
	if held, ok := k.held(); ok {
		key, err := k.unwrap(ctx, kek, held)
		clear(key)
		if err != nil {
			return k.Refused(err)
		}
		if k.extend(until) {
			return nil
		} // else they went while the KEK was asked
	}
	opened := make(map[uuid.UUID][]byte, len(wrapped))
	for _, w := range wrapped {
		key, err := k.unwrap(ctx, kek, w)
		if err != nil {
			zero(opened)
			return k.Refused(err)
		}
		opened[w.ID] = key
	}
	return k.load(opened, wrapped, until)
}

func (k *Keyring) unwrap(ctx context.Context, kek KEK, w WrappedKey) ([]byte, error) {
	key, err := kek.Unwrap(ctx, w.Wrapped, w.associated(k.tenant))
	if err == nil && len(key) != keyBytes {
		return nil, fmt.Errorf("%w: data key has %d bytes", ErrDenied, len(key))
	}
	return key, err
}

// held returns the data key that a renewal proves access with.
func (k *Keyring) held() (WrappedKey, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	w, ok := k.current[Data]
	return w, ok && k.now().Before(k.until)
}

// extend prolongs the lease of the keys, if they are still there.
func (k *Keyring) extend(until time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.keys) == 0 {
		return false
	}
	k.lend(until)
	return true
}

// load puts opened keys in place, unless the Keyring was closed while the KEK
// was asked.
func (k *Keyring) load(opened map[uuid.UUID][]byte, wrapped []WrappedKey, until time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		zero(opened)
		return errClosed
	}
	zero(k.keys)
	k.keys, k.current = opened, map[Purpose]WrappedKey{}
	for _, w := range wrapped {
		if w.Epoch >= k.current[w.Purpose].Epoch {
			k.current[w.Purpose] = w
		}
	}
	k.lend(until)
	return nil
}

// lend begins or prolongs the lease, at whose end the keys are zeroed whoever
// is or is not there to renew it.
func (k *Keyring) lend(until time.Time) {
	k.until, k.state = until, binding.KeyOK
	left := until.Sub(k.now())
	if k.expiry == nil {
		k.expiry = time.AfterFunc(left, k.expire)
	} else {
		k.expiry.Reset(left)
	}
}

func (k *Keyring) expire() {
	if k.lapse() && k.lapsed != nil {
		k.lapsed()
	}
}

// lapse zeroes the keys, unless they were prolonged at the last moment.
func (k *Keyring) lapse() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.keys) == 0 || k.now().Before(k.until) {
		return false
	}
	k.drop(binding.KeyUnreachable)
	return true
}

// Refused takes note of why the KEK could not be used, and returns it.
func (k *Keyring) Refused(err error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case errors.Is(err, ErrDenied):
		k.drop(binding.KeyDenied)
	case !k.now().Before(k.until):
		k.drop(binding.KeyUnreachable)
	default:
		k.state = binding.KeyUnreachable
	}
	return err
}

// errClosed ends a renewal that outlived the tenant.
var errClosed = fmt.Errorf("%w: the tenant is no longer served here", ErrUnreachable)

// Close zeroes the keys for good, as when the tenant is no longer served here.
// A renewal that is under way loads none.
func (k *Keyring) Close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	k.drop(binding.KeyUnreachable)
}

// drop zeroes the keys; the lock is held.
func (k *Keyring) drop(state binding.KeyState) {
	if k.expiry != nil {
		k.expiry.Stop()
	}
	zero(k.keys)
	k.keys, k.current, k.until, k.state = nil, nil, time.Time{}, state
}

// State is what the last renewal learnt. A lease may go on while the key
// service is unreachable.
func (k *Keyring) State() binding.KeyState {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.state
}

// Remaining is how long the lease goes on, not positive without one.
func (k *Keyring) Remaining() time.Duration {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.until.Sub(k.now())
}

// Check returns nil while the keys may be used, else ErrDenied or
// ErrUnreachable. It is asked again before plaintext leaves.
func (k *Keyring) Check() error {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.check()
}

func (k *Keyring) check() error {
	switch {
	case k.state == binding.KeyDenied:
		return ErrDenied
	case len(k.keys) == 0 || !k.now().Before(k.until):
		return ErrUnreachable
	}
	return nil
}

// with lends a data key to use, which must not keep it.
func (k *Keyring) with(id uuid.UUID, use func(dek []byte) error) error {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if err := k.check(); err != nil {
		return err
	}
	dek, ok := k.keys[id]
	if !ok {
		return fmt.Errorf("%w: unknown data key %s", ErrCorrupt, id)
	}
	return use(dek)
}

func (k *Keyring) withCurrent(p Purpose, use func(id uuid.UUID, dek []byte) error) error {
	k.mu.RLock()
	id := k.current[p].ID
	err := k.check()
	k.mu.RUnlock()
	if err != nil {
		return err
	}
	return k.with(id, func(dek []byte) error { return use(id, dek) })
}

func zero(keys map[uuid.UUID][]byte) {
	for _, key := range keys {
		clear(key)
	}
}
