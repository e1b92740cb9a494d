package tenant

import (
	"bytes"
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"

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
// held up by a Vault or a database that is away, nor by a plan or a tier that the
// tenant cannot have. A retained one is made active as a new one is made.
func (Runtime) Needs(s *Scope) []string {
	if s.served() {
		return nil
	}
	return []string{v1alpha1.ConditionPlaced, v1alpha1.ConditionKeyReady, v1alpha1.ConditionDatabaseReady, v1alpha1.ConditionCredentialReady}
}

// Reconcile implements component.Component.
func (c Runtime) Reconcile(ctx context.Context, s *Scope) component.Outcome {
	cell := s.compute()
	data, err := c.write(ctx, s)
	if err != nil {
		return component.Fail(fmt.Errorf("the Binding in the Cell %s: %w", cell, err))
	}
	reader, err := runtimeReader(ctx, s.Cluster, cell)
	if err != nil {
		return component.Fail(err)
	}
	outcome, err := acknowledged(ctx, reader, cell, s.ID, binding.Revision(data))
	if err != nil {
		return component.Fail(err)
	}
	if outcome.Reason == v1alpha1.ReasonKeyDenied {
		c.Probes.Hasten(s.ID.String(), s.Now)
	}
	s.Pending = c.Pending.Left(s.ID.String(), outcome.Reason == v1alpha1.ReasonAwaitingAcknowledgement, s.Now)
	if outcome.Ready() {
		s.recordPlan()
	}
	if outcome.Ready() && s.Tenant.Spec.Containment != "" && s.Tenant.Spec.Containment != v1alpha1.ContainmentNone {
		return component.Outcome{Reason: v1alpha1.ReasonContained, Message: fmt.Sprintf("access is restricted: spec.containment is %s", s.Tenant.Spec.Containment)}
	}
	return outcome
}

// write brings the Binding about. Creating it commits the placement.
func (c Runtime) write(ctx context.Context, s *Scope) ([]byte, error) {
	data, err := binding.Encode(desired.Binding(c.input(s)))
	if err != nil {
		return nil, err
	}
	wanted := desired.BindingSecretObject(s.compute(), s.ID.String(), s.Tenant.Name, data)
	if s.Bound == nil {
		if err := s.Cluster.Client.Create(ctx, wanted); err != nil {
			return nil, err
		}
		s.Bound = bound(s.compute(), wanted)
		return data, nil
	}
	if bytes.Equal(s.Bound.Secret.Data[binding.SecretKey], data) && hasLabels(s.Bound.Secret, wanted.Labels) {
		return data, nil
	}
	wanted.ResourceVersion = s.Bound.Secret.ResourceVersion // only over what was read
	return data, s.Cluster.Client.Update(ctx, wanted)
}

// hasLabels reports whether a Binding has the labels by which runtimes and people
// find it.
func hasLabels(secret *corev1.Secret, wanted map[string]string) bool {
	for label, value := range wanted {
		if secret.Labels[label] != value {
			return false
		}
	}
	return true
}

// input keeps what the Binding says wherever this run could not look, or may
// not change it yet.
func (c Runtime) input(s *Scope) desired.BindingInput {
	var kept binding.Binding
	if s.Bound != nil {
		kept = s.Bound.Binding
	}
	in := desired.BindingInput{
		Tenant: s.Tenant, ID: s.ID, TransitMount: c.TransitMount, Epoch: kept.Epoch, Incarnation: kept.Incarnation,
		Credentials: s.Credentials, Database: kept.Database, Limits: kept.Limits,
	}
	if s.Credentials == nil {
		in.Credentials = kept.Credentials
	}
	if s.Database != nil {
		in.Database = *s.Database
	}
	switch {
	case s.Tenant.Spec.Models == nil:
	case s.Models != nil:
		in.Models = s.Models
	default:
		in.Models = kept.Models
	}
	if s.PlanAdmitted {
		in.Limits = desired.Limits(s.Plan.Spec.Limits)
	}
	return in
}
