package principal

import (
	"fmt"
	"slices"
)

// Scope is what a key may do. Each has what those before it have.
type Scope int

// The scopes.
const (
	Read  Scope = iota + 1 // see and ask what is for the caller
	Write                  // and make documents, and change the caller's own
	Admin                  // and see and change all, and manage keys
)

var scopeNames = []string{"read", "write", "admin"}

// Names are the scopes that s has.
func (s Scope) Names() []string { return scopeNames[:s] }

// ParseScopes reads the names of scopes; the widest of them counts.
func ParseScopes(names []string) (Scope, error) {
	widest := Scope(0)
	for _, name := range names {
		at := slices.Index(scopeNames, name)
		if at < 0 {
			return 0, fmt.Errorf("scope %q is unknown: there are %v", name, scopeNames)
		}
		widest = max(widest, Scope(at+1))
	}
	if widest == 0 {
		return 0, fmt.Errorf("no scope is named: there are %v", scopeNames)
	}
	return widest, nil
}
