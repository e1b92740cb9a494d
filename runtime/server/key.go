package server

import (
	"net/http"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/ingest"
	"github.com/bulkhead-dev/bulkhead/runtime/principal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/runtime/users"
)

// apiKey is a key that the tenant made, in a response.
type apiKey struct {
	Object    string     `json:"object"`
	ID        string     `json:"id"`
	Label     string     `json:"label,omitempty"`
	User      string     `json:"user,omitempty"`
	Groups    []string   `json:"groups,omitempty"`
	Scopes    []string   `json:"scopes"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	Key       string     `json:"key,omitempty"` // its text, when it is made
}

func presentKey(k users.Key) apiKey {
	return apiKey{
		Object: "api_key", ID: k.ID, Label: k.Label, User: k.Caller.User, Groups: k.Caller.Groups, Scopes: k.Caller.Scope.Names(),
		ExpiresAt: k.ExpiresAt, CreatedAt: k.CreatedAt.UTC(),
	}
}

// keyRequest is a request that makes a key.
type keyRequest struct {
	User      string   `json:"user"`
	Groups    []string `json:"groups"`
	Scopes    []string `json:"scopes"`
	ExpiresAt *string  `json:"expires_at"`
	Label     string   `json:"label"`
}

// key is the key that is asked for.
func (r keyRequest) key() (users.Key, error) {
	k := users.Key{ID: users.NewKeyID(), Label: r.Label, Caller: principal.Caller{User: r.User, Groups: r.Groups}}
	var err error
	if k.Caller.Scope, err = principal.ParseScopes(r.Scopes); err != nil {
		return k, wrong("scopes", "invalid_scopes", "scopes must be some of read, write and admin.")
	}
	if err := checkCaller(k.Caller); err != nil {
		return k, err
	}
	if len(r.Label) > ingest.MaxName || !ingest.Printable(r.Label) {
		return k, wrong("label", "invalid_label", "label must be a text of at most %d bytes without control characters.", ingest.MaxName)
	}
	if r.ExpiresAt != nil {
		k.ExpiresAt = new(time.Time)
		if k.ExpiresAt.UnmarshalText([]byte(*r.ExpiresAt)) != nil || !k.ExpiresAt.After(time.Now()) {
			return k, wrong("expires_at", "invalid_expires_at", "expires_at must be a time to come, as in 2030-01-31T00:00:00Z.")
		}
	}
	return k, nil
}

func checkCaller(c principal.Caller) error {
	switch {
	case c.User == "" && c.Scope < principal.Admin:
		return wrong("user", "invalid_user", "user must be named, unless the key has scope admin: give a service a user of its own.")
	case c.User != "" && !principal.ValidName(c.User):
		return wrong("user", "invalid_user", "user must be %s.", principal.Alphabet)
	case len(c.Groups) > principal.MaxGroups:
		return wrong("groups", "invalid_groups", "groups must be at most %d.", principal.MaxGroups)
	}
	for _, group := range c.Groups {
		if !principal.ValidName(group) {
			return wrong("groups", "invalid_groups", "groups must each be %s.", principal.Alphabet)
		}
	}
	return nil
}

func createKey(x *exchange) error {
	var asked keyRequest
	if err := decode(x, &asked); err != nil {
		return err
	}
	wanted, err := asked.key()
	if err != nil {
		return err
	}
	req, err := x.begin(wanted.ID, "")
	if err != nil {
		return err
	}
	text, made, err := users.Create(x.r.Context(), req.Tenant.Keys, req.Access, wanted)
	if err != nil {
		return err
	}
	shown := presentKey(made)
	shown.Key = text
	return x.reply(http.StatusCreated, shown)
}

func listKeys(x *exchange) error {
	query := x.r.URL.Query()
	limit, err := pageLimit(query)
	if err != nil {
		return err
	}
	after := query.Get("after")
	if !ingest.Printable(after) {
		return errCursor
	}
	req, err := x.begin("", "")
	if err != nil {
		return err
	}
	all, err := users.List(x.r.Context(), req.Tenant.Keys, req.Access, after, limit+1)
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, newPage(all, limit, presentKey, func(k apiKey) string { return k.ID }))
}

func deleteKey(x *exchange) error {
	id := x.r.PathValue("key")
	if !ingest.Printable(id) {
		return store.ErrNoAPIKey
	}
	req, err := x.begin(id, "")
	if err != nil {
		return err
	}
	if err := users.Delete(x.r.Context(), req.Access, id); err != nil {
		return err
	}
	x.header(http.StatusNoContent)
	return nil
}
