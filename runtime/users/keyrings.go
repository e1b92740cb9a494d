package users

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/bulkhead-dev/bulkhead/runtime/flight"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/runtime/tenants"
)

// ErrUnknownKey: the tenant has no such key.
var ErrUnknownKey = errors.New("the tenant has no such key")

// Keyrings keep the keys of tenants as the database had them at some time, sealed as it
// has them. They are safe for concurrent use.
type Keyrings struct {
	loads flight.Group[*ring]

	mu    sync.Mutex
	rings map[*seal.Keyring]*ring // a tenant whose database or data key is replaced has a new one
}

// ring is the keys of a tenant as of an AuthGen. It does not change, but for guesses.
type ring struct {
	authGen int64
	keys    map[string]store.APIKey
	// guesses are how often the database is asked for a key that is not there: it may
	// have been made a moment ago, or never.
	guesses *rate.Limiter
}

// A replica looks up so many unknown keys of a tenant a second, and at first.
const (
	guessesPerSecond = 2
	firstGuesses     = 20
)

// NewKeyrings makes Keyrings that know no tenant.
func NewKeyrings() *Keyrings { return &Keyrings{rings: map[*seal.Keyring]*ring{}} }

// Forget drops what a data key protects.
func (k *Keyrings) Forget(keys *seal.Keyring) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.rings, keys)
}

func (k *Keyrings) ring(keys *seal.Keyring) *ring {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.rings[keys]
}

// Verify finds the key that a text is, and the AuthGen of the tenant as of which it is
// one. Errors: ErrUnknownKey, those of the store and of the keys.
func (k *Keyrings) Verify(ctx context.Context, t *tenants.Tenant, id, text string) (Key, int64, error) {
	sum := sha256.Sum256([]byte(text))
	known := k.ring(t.Keys)
	if known == nil {
		var err error
		if known, err = k.load(ctx, t); err != nil {
			return Key{}, 0, err
		}
	}
	if _, there := known.keys[id]; !there && known.guesses.Allow() {
		if gen, err := t.Store.AuthGen(ctx, t.Tenant.ID); err != nil {
			return Key{}, 0, err
		} else if gen != known.authGen {
			if known, err = k.load(ctx, t); err != nil {
				return Key{}, 0, err
			}
		}
	}
	row, there := known.keys[id]
	if !there || !matches(row.Hash, sum[:]) {
		return Key{}, 0, ErrUnknownKey
	}
	found, hash, err := openKey(t.Keys, row)
	if err != nil {
		return Key{}, 0, err
	}
	if !matches(hash, sum[:]) || found.expired(time.Now()) {
		return Key{}, 0, ErrUnknownKey
	}
	return found, known.authGen, nil
}

// Confirm reports whether a key that was verified as of an AuthGen is still there as of
// another. Errors: ErrUnknownKey, those of the store.
func (k *Keyrings) Confirm(ctx context.Context, t *tenants.Tenant, id string, verified, now int64) error {
	if verified == now {
		return nil
	}
	known := k.ring(t.Keys)
	for range loadAttempts {
		if known != nil && known.authGen >= now {
			break
		}
		var err error // a load that began earlier may end short of it
		if known, err = k.load(ctx, t); err != nil {
			return err
		}
	}
	if _, there := known.keys[id]; !there {
		return ErrUnknownKey
	}
	return nil
}

// Recheck is Confirm as of this moment, for who has no newer stamp of the tenant.
func (k *Keyrings) Recheck(ctx context.Context, t *tenants.Tenant, id string, verified int64) error {
	now, err := t.Store.AuthGen(ctx, t.Tenant.ID)
	if err != nil {
		return err
	}
	return k.Confirm(ctx, t, id, verified, now)
}

const (
	loadTimeout  = 10 * time.Second
	loadAttempts = 2
)

// load reads the tenant's keys, for all who want them at the same time.
func (k *Keyrings) load(ctx context.Context, t *tenants.Tenant) (*ring, error) {
	return k.loads.Do(ctx, t.Keys, loadTimeout, func(shared context.Context) (*ring, error) {
		of, rows, err := t.Store.APIKeys(shared, t.Tenant.ID)
		if err != nil {
			return nil, err
		}
		return k.put(t.Keys, of.AuthGen, rows), nil
	})
}

func (k *Keyrings) put(keys *seal.Keyring, authGen int64, rows []store.APIKey) *ring {
	made := &ring{authGen: authGen, keys: make(map[string]store.APIKey, len(rows)), guesses: rate.NewLimiter(guessesPerSecond, firstGuesses)}
	for _, row := range rows {
		made.keys[row.ID] = row
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if there := k.rings[keys]; there != nil {
		made.guesses = there.guesses
	}
	k.rings[keys] = made
	return made
}
