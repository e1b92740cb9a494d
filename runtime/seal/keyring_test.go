package seal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

// fakeKEK keeps keys by what they are bound to and fails when told to.
type fakeKEK struct {
	keys    map[string][]byte
	unwraps int
	fails   error
	handed  [][]byte // what Unwrap returned
	before  func()   // Unwrap returns; nil: nothing
}

func (f *fakeKEK) Ref() string { return "fake" }

func (f *fakeKEK) Wrap(_ context.Context, key, bound []byte) (string, error) {
	if f.keys == nil {
		f.keys = map[string][]byte{}
	}
	name := fmt.Sprint(len(f.keys))
	f.keys[name+string(bound)] = bytes.Clone(key)
	return name, f.fails
}

func (f *fakeKEK) Unwrap(_ context.Context, wrapped string, bound []byte) ([]byte, error) {
	f.unwraps++
	if f.before != nil {
		f.before()
	}
	if f.fails != nil {
		return nil, f.fails
	}
	key, ok := f.keys[wrapped+string(bound)]
	if !ok {
		return nil, seal.ErrDenied
	}
	f.handed = append(f.handed, bytes.Clone(key))
	return f.handed[len(f.handed)-1], nil
}

// zeroed reports whether nothing is left of the keys that Unwrap returned.
func (f *fakeKEK) zeroed() bool {
	for _, key := range f.handed {
		if !bytes.Equal(key, make([]byte, len(key))) {
			return false
		}
	}
	return len(f.handed) > 0
}

// tenant is a Keyring with a clock that tests move.
type tenant struct {
	*seal.Keyring
	id      uuid.UUID
	kek     *fakeKEK
	wrapped []seal.WrappedKey
	now     time.Time
}

const lease = 300 * time.Second

func newTenant(t *testing.T) *tenant {
	t.Helper()
	w := &tenant{id: uuid.New(), kek: &fakeKEK{}, now: time.Now()}
	var err error
	if w.wrapped, err = seal.Generate(t.Context(), w.id, w.kek); err != nil {
		t.Fatal(err)
	}
	w.Keyring = seal.NewKeyring(w.id, lease, func() time.Time { return w.now })
	if err := w.renew(t); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *tenant) renew(t *testing.T) error { return w.Renew(t.Context(), w.kek, w.wrapped) }

func TestLeaseEndsAccess(t *testing.T) {
	w := newTenant(t)
	w.now = w.now.Add(lease - time.Second)
	if err := w.Check(); err != nil {
		t.Errorf("before the end: %v", err)
	}
	w.now = w.now.Add(time.Second)
	if err := w.Check(); !errors.Is(err, seal.ErrUnreachable) {
		t.Errorf("at the end: %v", err)
	}
	if _, _, err := w.SealCell(seal.Place{}, nil); !errors.Is(err, seal.ErrUnreachable) {
		t.Errorf("sealing at the end: %v", err)
	}
	if err := w.renew(t); err != nil || w.Check() != nil {
		t.Errorf("renewed: %v", err)
	}
}

// An object takes long to seal, and the key is not held: it is asked for once more.
func TestLeaseEndsWhileAnObjectIsSealed(t *testing.T) {
	w := newTenant(t)
	asked, last := 0, math.MaxInt
	w.Keyring = seal.NewKeyring(w.id, lease, func() time.Time {
		if asked++; asked > last {
			return w.now.Add(lease)
		}
		return w.now
	})
	if err := w.renew(t); err != nil {
		t.Fatal(err)
	}
	asked = 0
	if _, _, err := w.SealCell(seal.Place{}, nil); err != nil {
		t.Fatal(err)
	}
	asked, last = 0, asked // what it takes to begin
	if _, err := w.SealObject(seal.Source, []byte("secret"), 1); !errors.Is(err, seal.ErrUnreachable) {
		t.Errorf("sealed beyond the lease: %v", err)
	}
}

func TestRenewalExtendsWithOneUnwrap(t *testing.T) {
	w := newTenant(t)
	w.kek.unwraps = 0
	w.now = w.now.Add(200 * time.Second)
	if err := w.renew(t); err != nil || w.kek.unwraps != 1 || w.Remaining() != lease {
		t.Errorf("%v, %d unwraps, %s remain", err, w.kek.unwraps, w.Remaining())
	}
}

func TestUnreachableServesUntilTheLeaseEnds(t *testing.T) {
	w := newTenant(t)
	w.kek.fails = seal.ErrUnreachable
	w.now = w.now.Add(200 * time.Second)
	if err := w.renew(t); !errors.Is(err, seal.ErrUnreachable) || w.Check() != nil || w.State() != binding.KeyUnreachable {
		t.Errorf("within the lease: %v, %v, %s", err, w.Check(), w.State())
	}
	w.now = w.now.Add(100 * time.Second)
	if err := w.Check(); !errors.Is(err, seal.ErrUnreachable) {
		t.Errorf("after the lease: %v", err)
	}
}

// At the lease's end the keys go by themselves, though nobody asks for them.
func TestKeysAreZeroedAtTheEndOfTheLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTenant(t)
		w.Keyring = seal.NewKeyring(w.id, lease, time.Now)
		var lapses atomic.Int32
		w.OnLapse(func() {
			lapses.Add(1)
			if !w.kek.zeroed() || w.Check() == nil {
				t.Error("told before they are zeroed")
			}
		})
		w.kek.handed = nil
		for range 2 { // the second prolongs
			if err := w.renew(t); err != nil {
				t.Fatal(err)
			}
			time.Sleep(lease - time.Second)
			synctest.Wait()
			if w.Check() != nil || w.kek.zeroed() || lapses.Load() > 0 {
				t.Fatal("zeroed within the lease")
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if !w.kek.zeroed() || w.State() != binding.KeyUnreachable || lapses.Load() != 1 {
			t.Errorf("keys are still there at the end of the lease, %s, %d lapses", w.State(), lapses.Load())
		}
	})
}

// The lease may end while the KEK is asked to prolong it.
func TestRenewalThatOutlivesTheLeaseLoadsTheKeysAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTenant(t)
		w.Keyring = seal.NewKeyring(w.id, lease, time.Now)
		if err := w.renew(t); err != nil {
			t.Fatal(err)
		}
		time.Sleep(lease - time.Second)
		slow := sync.OnceFunc(func() { time.Sleep(2 * time.Second) })
		w.kek.before = slow
		if err := w.renew(t); err != nil || w.Check() != nil {
			t.Errorf("%v, %v", err, w.Check())
		}
	})
}

// The tenant may leave while the KEK is asked for its keys.
func TestClosedKeyringTakesNoKeys(t *testing.T) {
	for name, held := range map[string]bool{"loading": false, "prolonging": true} {
		t.Run(name, func(t *testing.T) {
			w := newTenant(t)
			if !held {
				w.Keyring = seal.NewKeyring(w.id, lease, time.Now)
				w.kek.handed = nil
			}
			w.kek.before = w.Close
			if err := w.renew(t); !errors.Is(err, seal.ErrUnreachable) || w.Check() == nil || !w.kek.zeroed() || w.State() == binding.KeyOK {
				t.Errorf("%v, %v, %s, zeroed %t", err, w.Check(), w.State(), w.kek.zeroed())
			}
		})
	}
}

func TestDeniedEndsAccessAtOnce(t *testing.T) {
	w := newTenant(t)
	w.kek.fails = seal.ErrDenied
	if err := w.renew(t); !errors.Is(err, seal.ErrDenied) || !errors.Is(w.Check(), seal.ErrDenied) || w.State() != binding.KeyDenied {
		t.Errorf("%v, %v, %s", err, w.Check(), w.State())
	}
	w.kek.fails = nil
	if err := w.renew(t); err != nil || w.Check() != nil {
		t.Errorf("granted again: %v, %v", err, w.Check())
	}
}

// Rows of wrapped keys that are exchanged must not pass for each other.
func TestWrappedKeysAreBoundToTheirRow(t *testing.T) {
	w := newTenant(t)
	w.now = w.now.Add(lease) // so that all are unwrapped
	w.wrapped[0].Wrapped, w.wrapped[1].Wrapped = w.wrapped[1].Wrapped, w.wrapped[0].Wrapped
	if err := w.renew(t); err == nil {
		t.Error("the MAC key serves as data key")
	}
}
