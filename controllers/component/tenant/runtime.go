package tenant

import (
	"bytes"
	"context"
	"fmt"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// Runtime writes the Binding and waits until every serving pod has taken it up.
type Runtime struct{ *Parts }

// Condition implements component.Component.
func (Runtime) Condition() string { return v1alpha1.ConditionRuntimeReady }

// Needs implements component.Component. A Binding is made only when everything
// that it names exists; once it does, a change such as a containment is never
// held up by a Vault or a database that is away.
func (Runtime) Needs(s *Scope) []string {
	if s.Bound != nil {
		return []string{v1alpha1.ConditionPlaced}
	}
	return []string{v1alpha1.ConditionPlaced, v1alpha1.ConditionKeyReady, v1alpha1.ConditionDatabaseReady, v1alpha1.ConditionCredentialReady}
}

// Reconcile implements component.Component.
func (c Runtime) Reconcile(ctx context.Context, s *Scope) component.Outcome {
	data, err := c.write(ctx, s)
	if err != nil {
		return component.Fail(err)
	}
	reader, err := c.Bindings.Reader(ctx, s.Cell.Name)
	if err != nil {
		return component.Fail(err)
	}
	outcome, err := acknowledged(ctx, reader, s.Cell.Name, s.ID, binding.Revision(data))
	if err != nil {
		return component.Fail(err)
	}
	if outcome.Reason == v1alpha1.ReasonKeyDenied {
		c.Probes.Hasten(s.ID.String(), s.Now)
	}
	s.Pending = c.Pending.Left(s.ID.String(), outcome.Reason == v1alpha1.ReasonAwaitingAcknowledgement, s.Now)
	if outcome.Ready() && s.Tenant.Spec.Containment != "" && s.Tenant.Spec.Containment != v1alpha1.ContainmentNone {
		return component.Outcome{Reason: v1alpha1.ReasonContained, Message: fmt.Sprintf("access is restricted: spec.containment is %s", s.Tenant.Spec.Containment)}
	}
	return outcome
}

// write brings the Binding about. Creating it commits the placement.
func (c Runtime) write(ctx context.Context, s *Scope) ([]byte, error) {
	in := desired.BindingInput{Tenant: s.Tenant, ID: s.ID, Plan: s.Plan, TransitMount: c.TransitMount, Credentials: s.Credentials}
	if s.Bound != nil {
		in.Epoch, in.Incarnation = s.Bound.Binding.Epoch, s.Bound.Binding.Incarnation
		if s.Credentials == nil { // the credential could not be looked at in this run
			in.Credentials = s.Bound.Binding.Credentials
		}
	}
	data, err := binding.Encode(desired.Binding(in))
	if err != nil {
		return nil, err
	}
	wanted := desired.BindingSecretObject(s.Cell.Name, s.ID.String(), s.Tenant.Name, data)
	if s.Bound == nil {
		return data, c.Client.Create(ctx, wanted)
	}
	if bytes.Equal(s.Bound.Secret.Data[binding.SecretKey], data) {
		return data, nil
	}
	wanted.ResourceVersion = s.Bound.Secret.ResourceVersion // only over what was read
	return data, c.Client.Update(ctx, wanted)
}
