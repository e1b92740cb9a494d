package principal_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/principal"
)

func TestNames(t *testing.T) {
	for _, name := range []string{"a", "alice@example.com", "auth0|5f7c", "CN=x", "a/b:c+d-e_f.g", strings.Repeat("a", principal.MaxName)} {
		if !principal.ValidName(name) || !principal.Valid("user:"+name) || !principal.Valid("group:"+name) {
			t.Errorf("%q is refused", name)
		}
	}
	for _, name := range []string{"", " ", "a b", "a,b", "a\n", "é", "a\x00", "a\"b", strings.Repeat("a", principal.MaxName+1)} {
		if principal.ValidName(name) || principal.Valid("user:"+name) {
			t.Errorf("%q is a name", name)
		}
	}
	for _, text := range []string{"alice", "Everyone", "users:alice", "everyone:x"} {
		if principal.Valid(text) {
			t.Errorf("%q is a principal", text)
		}
	}
	if !principal.Valid(principal.Everyone) {
		t.Error("everyone is no principal")
	}
}

func TestScopes(t *testing.T) {
	for want, names := range map[principal.Scope][]string{
		principal.Read: {"read"}, principal.Write: {"write", "read"}, principal.Admin: {"admin"},
	} {
		got, err := principal.ParseScopes(names)
		if err != nil || got != want || len(got.Names()) != int(want) {
			t.Errorf("%v: %v, %v", names, got, err)
		}
	}
	for _, names := range [][]string{nil, {"root"}, {"read", ""}} {
		if got, err := principal.ParseScopes(names); err == nil {
			t.Errorf("%v is %v", names, got)
		}
	}
}

func TestAccess(t *testing.T) {
	alice := principal.Caller{User: "alice", Groups: []string{"sales"}, Scope: principal.Write}
	reader, root := alice, principal.Caller{User: "root", Scope: principal.Admin}
	reader.Scope = principal.Read
	for name, c := range map[string]struct {
		access        principal.Access
		sees, changes bool
		readers       string
	}{
		"own":          {principal.Usual("alice"), true, true, "user:alice"},
		"the tenant's": {principal.Usual(""), true, false, "everyone"},
		"another's":    {principal.Usual("bob"), false, false, "user:bob"},
		"shared":       {principal.Access{Owner: "bob", Principals: []string{"user:alice"}}, true, false, "user:alice user:bob"},
		"a group's":    {principal.Access{Owner: "bob", Principals: []string{"group:sales", "group:ops"}}, true, false, "group:ops group:sales user:bob"},
		"nearly":       {principal.Access{Owner: "alice2", Principals: []string{"user:sales", "group:alice"}}, false, false, "group:alice user:alice2 user:sales"},
		"all of one":   {principal.Access{Owner: "bob", Principals: []string{"everyone"}}, true, false, "everyone"},
		"nobody's":     {principal.Access{}, false, false, ""},
	} {
		if alice.Sees(c.access) != c.sees || alice.Changes(c.access) != c.changes || strings.Join(c.access.Readers(), " ") != c.readers {
			t.Errorf("%s: sees %t, changes %t, readers %v", name, alice.Sees(c.access), alice.Changes(c.access), c.access.Readers())
		}
		named := slices.ContainsFunc(c.access.Readers(), func(p string) bool {
			return p == principal.Everyone || slices.Contains(alice.Principals(), p)
		})
		if named != c.sees {
			t.Errorf("%s: the readers say %t", name, named)
		}
		if reader.Sees(c.access) != c.sees || reader.Changes(c.access) {
			t.Errorf("%s: by scope read", name)
		}
		if !root.Sees(c.access) || !root.Changes(c.access) || !principal.Tenant().Sees(c.access) {
			t.Errorf("%s: by scope admin", name)
		}
	}
}
