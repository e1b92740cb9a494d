// Package vaulttest is a Vault in memory, for tests of what uses vault.Keys and
// vault.Mounts. It passes the same contract test as the real client against a
// real server.
package vaulttest

import (
	"context"
	"fmt"
	"sync"

	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault"
)

// Fake keeps keys, roles and mounts in memory.
type Fake struct {
	// Fault, when set, is asked before (applied=false) and after (applied=true)
	// every call, by the name of the method; an error ends the call there.
	Fault func(call string, applied bool) error

	mu     sync.Mutex
	calls  int
	keys   map[string]bool
	roles  map[roleName]vault.Spec
	mounts map[string]vault.Mount
}

// roleName is a role at a mount, the configured one when that is empty.
type roleName struct{ mount, role string }

var (
	_ vault.Keys   = (*Fake)(nil)
	_ vault.Mounts = (*Fake)(nil)
)

// Calls is the number of calls that were made.
func (f *Fake) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// Role returns what a role at the configured mount may use, and whether it exists.
func (f *Fake) Role(name string) (vault.Spec, bool) { return f.RoleAt("", name) }

// RoleAt is Role at another cluster's mount.
func (f *Fake) RoleAt(mount, name string) (vault.Spec, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	spec, ok := f.roles[roleName{mount, name}]
	return spec, ok
}

// Mount returns another cluster's mount, and whether it exists.
func (f *Fake) Mount(path string) (vault.Mount, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	mount, ok := f.mounts[path]
	return mount, ok
}

// HasKey reports whether a key exists.
func (f *Fake) HasKey(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.keys[name]
}

// SetKey makes or loses a key, as a Vault does that is restored from a backup.
func (f *Fake) SetKey(name string, exists bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keys[name] = exists
}

// Observe implements vault.Keys.
func (f *Fake) Observe(_ context.Context, spec vault.Spec) (state vault.State, err error) {
	err = f.call("Observe", func() error {
		switch {
		case !f.keys[spec.Key]:
			state = vault.KeyMissing
		case f.roles[roleName{spec.AuthMount, spec.Role}] != spec:
			state = vault.Differs
		default:
			state = vault.AsIntended
		}
		return nil
	})
	return state, err
}

// Ensure implements vault.Keys.
func (f *Fake) Ensure(_ context.Context, spec vault.Spec) error {
	return f.call("Ensure", func() error {
		if err := f.grant(spec); err != nil {
			return err
		}
		if f.keys == nil {
			f.keys = map[string]bool{}
		}
		f.keys[spec.Key] = true
		return nil
	})
}

// EnsureAccess implements vault.Keys.
func (f *Fake) EnsureAccess(_ context.Context, spec vault.Spec) error {
	return f.call("EnsureAccess", func() error { return f.grant(spec) })
}

func (f *Fake) grant(spec vault.Spec) error {
	if _, ok := f.mounts[spec.AuthMount]; spec.AuthMount != "" && !ok {
		return fmt.Errorf("nothing is mounted at %s", spec.AuthMount)
	}
	if f.roles == nil {
		f.roles = map[roleName]vault.Spec{}
	}
	f.roles[roleName{spec.AuthMount, spec.Role}] = spec
	return nil
}

// DeleteRole implements vault.Keys.
func (f *Fake) DeleteRole(_ context.Context, authMount, role string) error {
	return f.call("DeleteRole", func() error {
		delete(f.roles, roleName{authMount, role})
		return nil
	})
}

// EnsureAuthMount implements vault.Mounts.
func (f *Fake) EnsureAuthMount(_ context.Context, mount vault.Mount) error {
	return f.call("EnsureAuthMount", func() error {
		if f.mounts == nil {
			f.mounts = map[string]vault.Mount{}
		}
		f.mounts[mount.Path] = mount
		return nil
	})
}

func (f *Fake) call(name string, do func() error) error {
	if f.Fault != nil {
		if err := f.Fault(name, false); err != nil {
			return err
		}
	}
	f.mu.Lock()
	f.calls++
	err := do()
	f.mu.Unlock()
	if err == nil && f.Fault != nil {
		return f.Fault(name, true)
	}
	return err
}
