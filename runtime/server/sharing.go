package server

import (
	"slices"
	"strings"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/guard"
	"github.com/bulkhead-dev/bulkhead/runtime/principal"
)

// The headers that say whose an upload is and for whom.
const (
	ownerHeader      = "Bulkhead-Owner"
	principalsHeader = "Bulkhead-Principals"
)

// owner is the user whose external ids a request means; empty: the tenant's. What is not
// said is the caller's own.
func (x *exchange) owner() (string, error) {
	caller := x.caller.Caller
	owner := caller.User
	if values, said := x.r.Header[ownerHeader]; said {
		owner = strings.TrimSpace(values[0])
	}
	switch {
	case owner != "" && !principal.ValidName(owner):
		return "", wrong(ownerHeader, "invalid_owner", "%s must be %s.", ownerHeader, principal.Alphabet)
	case owner != caller.User && !caller.May(principal.Admin):
		return "", guard.ErrScope
	}
	return owner, nil
}

// share reads whose an upload is and for whom.
func (x *exchange) share(file *corpus.File) (err error) {
	if file.Owner, err = x.owner(); err != nil {
		return err
	}
	if values, said := x.r.Header[principalsHeader]; said {
		var all []string
		for one := range strings.SplitSeq(strings.Join(values, ","), ",") {
			if one = strings.TrimSpace(one); one != "" {
				all = append(all, one)
			}
		}
		file.Principals, err = checkPrincipals(principalsHeader, all)
	}
	return err
}

// checkPrincipals returns principals in order, each once.
func checkPrincipals(parameter string, all []string) ([]string, error) {
	if len(all) > principal.MaxGroups {
		return nil, wrong(parameter, "invalid_principals", "%s must be at most %d.", parameter, principal.MaxGroups)
	}
	for _, one := range all {
		if !principal.Valid(one) {
			return nil, wrong(parameter, "invalid_principals", "%s must each be everyone, user:NAME or group:NAME, where NAME is %s.", parameter, principal.Alphabet)
		}
	}
	sorted := append([]string{}, all...)
	slices.Sort(sorted)
	return slices.Compact(sorted), nil
}
