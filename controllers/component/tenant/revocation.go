package tenant

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// stopAccess retains every Binding, first of all, waits until nobody serves the
// tenant, and then takes its Vault role in any case: a pod that is not Ready is not
// asked and may still hold its token. Adoption writes the role again.
func (p *Parts) stopAccess(ctx context.Context, s *Scope, bindings []*Bound) component.Outcome {
	revisions := map[*Bound]string{}
	for _, b := range bindings {
		revision, err := p.writeRetained(ctx, s, b)
		if err != nil && p.unlessLost(ctx, s, b.Cell, err) != nil {
			return component.Fail(fmt.Errorf("the Binding in the Cell %s: %w", b.Cell, err))
		}
		if err == nil {
			revisions[b] = revision
		}
	}
	for b, revision := range revisions {
		if outcome := p.stopped(ctx, s, b, revision); !outcome.Ready() {
			return outcome
		}
	}
	if len(bindings) == 0 && neverPlaced(s) {
		return component.Outcome{}
	}
	return p.deleteRole(ctx, s)
}

// neverPlaced reports whether the tenant never got as far as a Vault role.
func neverPlaced(s *Scope) bool {
	key := meta.FindStatusCondition(s.Tenant.Status.Conditions, v1alpha1.ConditionKeyReady)
	return s.Tenant.Status.ID == "" && s.Leaving.UID == "" && key != nil && key.Reason == v1alpha1.ReasonBlocked
}

// stopped is ready when every pod that serves a cell has given the tenant up, or
// none serves, or they had their time.
func (p *Parts) stopped(ctx context.Context, s *Scope, b *Bound, revision string) component.Outcome {
	reader, err := runtimeReader(ctx, s.Cluster, b.Cell)
	if err != nil {
		return component.Fail(err)
	}
	outcome, err := acknowledged(ctx, reader, b.Cell, s.ID, revision)
	if err != nil {
		return component.Fail(err)
	}
	if left := s.patience(); left > 0 && outcome.Reason == v1alpha1.ReasonAwaitingAcknowledgement {
		return component.Wait(v1alpha1.ReasonRetained, "access is being stopped; the data and the key are kept", min(left, ackPoll))
	}
	return component.Outcome{}
}

// deleteRole lets the lease of the tenant's data keys end access.
func (p *Parts) deleteRole(ctx context.Context, s *Scope) component.Outcome {
	if err := p.Keys.DeleteRole(ctx, authMount(s.Leaving), desired.VaultRole(s.ID.String())); err != nil {
		outcome := component.VaultOutcome(err)
		if outcome.Message != "" {
			outcome.Message = "the tenant's Vault role cannot be deleted, with which a runtime pod that was not asked could go on: " + outcome.Message
		}
		return outcome
	}
	return component.Outcome{}
}

// writeRetained stops access by the Binding, which stays as the record of the data.
func (p *Parts) writeRetained(ctx context.Context, s *Scope, b *Bound) (revision string, err error) {
	retained, err := p.retained(ctx, s, b)
	if err != nil {
		return "", err
	}
	data, err := binding.Encode(retained)
	if err != nil {
		return "", err
	}
	if !bytes.Equal(b.Secret.Data[binding.SecretKey], data) {
		secret := b.Secret.DeepCopy()
		secret.Data = map[string][]byte{binding.SecretKey: data}
		if err := s.Cluster.Client.Update(ctx, secret); err != nil {
			return "", err
		}
	}
	return binding.Revision(data), nil
}

// retained is what a Binding becomes. One that cannot be read, which a runtime
// would go on ignoring, is made from what else is known.
func (p *Parts) retained(ctx context.Context, s *Scope, b *Bound) (binding.Binding, error) {
	retained := b.Binding
	if retained.Version == 0 {
		database, err := p.databaseOf(ctx, s, b.Cell)
		if err != nil {
			return retained, err
		}
		retained = desired.Binding(desired.BindingInput{Tenant: s.Tenant, ID: s.ID, TransitMount: p.TransitMount, Database: database})
	}
	retained.State, retained.Credentials, retained.Models = binding.Retained, nil, nil
	return retained, nil
}

// databaseOf says where the rows of a tenant are that a cell's runtime serves.
func (p *Parts) databaseOf(ctx context.Context, s *Scope, cellName string) (binding.Database, error) {
	if s.Leaving.Name == cellName || s.Leaving.Spec.Database == nil {
		return binding.Database{Cell: true}, nil
	}
	way := *s
	way.Store = s.Leaving
	if outcome := (Database{p}).access(ctx, &way); !outcome.Ready() {
		return binding.Database{}, cmp.Or(outcome.Err, errors.New(outcome.Message))
	}
	return *way.Database, nil
}
