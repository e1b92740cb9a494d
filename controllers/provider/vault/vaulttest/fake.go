// Package vaulttest is a Vault in memory, for tests of what uses vault.Keys. It
// passes the same contract test as the real client against a real server.
package vaulttest

import (
	"context"
	"sync"

	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault"
)

// Fake keeps keys and roles in memory.
type Fake struct {
	// Fault, when set, is asked before (applied=false) and after (applied=true)
	// every call; an error ends the call there.
	Fault func(applied bool) error

	mu     sync.Mutex
	calls  int
	keys   map[string]bool
	roles  map[string]vault.Spec
	mounts map[string]vault.Mount
}

var _ vault.Keys = (*Fake)(nil)

// Calls is the number of calls that were made.
func (f *Fake) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// Role returns what a role may use, and whether it exists.
func (f *Fake) Role(name string) (vault.Spec, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	spec, ok := f.roles[name]
	return spec, ok
}

// HasKey reports whether a key exists.
func (f *Fake) HasKey(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.keys[name]
}

// Observe implements vault.Keys.
func (f *Fake) Observe(_ context.Context, spec vault.Spec) (asIntended bool, err error) {
	err = f.call(func() { asIntended = f.keys[spec.Key] && f.roles[spec.Role] == spec })
	return asIntended, err
}

// Ensure implements vault.Keys.
func (f *Fake) Ensure(_ context.Context, spec vault.Spec) error {
	return f.call(func() {
		if f.keys == nil {
			f.keys, f.roles = map[string]bool{}, map[string]vault.Spec{}
		}
		f.keys[spec.Key], f.roles[spec.Role] = true, spec
	})
}

// DeleteRole implements vault.Keys.
func (f *Fake) DeleteRole(_ context.Context, _, role string) error {
	return f.call(func() { delete(f.roles, role) })
}

// EnsureAuthMount implements vault.Mounts.
func (f *Fake) EnsureAuthMount(_ context.Context, mount vault.Mount) error {
	return f.call(func() {
		if f.mounts == nil {
			f.mounts = map[string]vault.Mount{}
		}
		f.mounts[mount.Path] = mount
	})
}

func (f *Fake) call(do func()) error {
	if f.Fault != nil {
		if err := f.Fault(false); err != nil {
			return err
		}
	}
	f.mu.Lock()
	f.calls++
	do()
	f.mu.Unlock()
	if f.Fault != nil {
		return f.Fault(true)
	}
	return nil
}
