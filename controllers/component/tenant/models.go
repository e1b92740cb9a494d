package tenant

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// Models finds the tenant's models and their keys. What can not be used is left out of the
// Binding, but for the name of what made the index: a key that somebody takes away is used
// no more.
type Models struct{ *Parts }

// Condition implements component.Component.
func (Models) Condition() string { return v1alpha1.ConditionModelsReady }

// Needs implements component.Component. A key that was stolen is replaced whatever
// becomes of the plan.
func (Models) Needs(s *Scope) []string {
	if s.served() {
		return nil
	}
	return []string{v1alpha1.ConditionPlaced}
}

// Reconcile implements component.Component.
func (c Models) Reconcile(ctx context.Context, s *Scope) component.Outcome {
	if s.Tenant.Spec.Models == nil {
		return component.Outcome{Gone: true}
	}
	found := &binding.Models{Private: s.privateRanges()}
	var problems []problem
	for _, use := range desired.ModelUses(s.Tenant.Spec.Models) {
		endpoint, wrong, err := c.endpoint(ctx, use, found.Private)
		switch {
		case err != nil:
			return component.Fail(err)
		case wrong != problem{}:
			problems = append(problems, wrong)
			use.Keep(found)
		default:
			use.Add(found, endpoint)
		}
	}
	s.Models = found
	return outcomeOf(problems)
}

// privateRanges are where the tenant's models may be beside the Internet: what its
// Plan says, or said when the tenant last took it up.
func (s *Scope) privateRanges() []binding.PrivateRange {
	kept := s.Bound != nil && s.Bound.Binding.Models != nil
	switch {
	case kept && !s.PlanAdmitted:
		return s.Bound.Binding.Models.Private
	case s.Plan == nil:
		return nil
	}
	return desired.PrivateRanges(s.Plan.Spec.ModelEndpoints)
}

// problem is why a model can not be used: a reason of ModelsReady.
type problem struct{ reason, message string }

func outcomeOf(problems []problem) component.Outcome {
	if len(problems) == 0 {
		return component.Outcome{}
	}
	messages := make([]string, len(problems))
	for i, p := range problems {
		messages[i] = p.message
	}
	// A Secret and a Plan wake us.
	return component.Wait(problems[0].reason, strings.Join(messages, "; ")+"; the tenant is served without", 0)
}

// endpoint is a model's endpoint with its key.
func (c Models) endpoint(ctx context.Context, use desired.ModelUse, private []binding.PrivateRange) (binding.ModelEndpoint, problem, error) {
	endpoint := binding.ModelEndpoint{URL: use.Endpoint.URL, Model: use.Endpoint.Model}
	ref, refused := use.Endpoint.APIKeySecretRef, judgeURL(use.Field, endpoint, private)
	if refused != (problem{}) || ref == nil {
		return endpoint, refused, nil
	}
	secret, err := c.modelSecret(ctx, ref.Name)
	if err != nil {
		return endpoint, problem{}, err
	}
	name := desired.ModelsNamespace + "/" + ref.Name
	if secret == nil {
		return endpoint, problem{v1alpha1.ReasonModelKeyMissing, fmt.Sprintf(
			"%s: there is no Secret %s; make it with the keys %s and %s", use.Field, name, desired.ModelAPIKey, desired.ModelOrigin)}, nil
	}
	endpoint.Key = string(bytes.TrimSpace(secret.Data[desired.ModelAPIKey]))
	return endpoint, judgeKey(use.Field, name, endpoint, string(bytes.TrimSpace(secret.Data[desired.ModelOrigin])), private), nil
}

func judgeURL(field string, endpoint binding.ModelEndpoint, private []binding.PrivateRange) problem {
	if err := endpoint.Check(private); err != nil {
		return problem{v1alpha1.ReasonModelRefused, field + "." + err.Error()}
	}
	return problem{}
}

// judgeKey keeps a key from being sent to another API than it is for: who may edit
// Tenants need not be somebody who may read keys.
func judgeKey(field, secret string, endpoint binding.ModelEndpoint, origin string, private []binding.PrivateRange) problem {
	var wrong string
	switch {
	case endpoint.Key == "":
		wrong = fmt.Sprintf("the Secret %s has no %s; add it", secret, desired.ModelAPIKey)
	case endpoint.Check(private) != nil:
		wrong = fmt.Sprintf("%s of the Secret %s is no API key: it has blanks or other characters than ASCII's, or is too long", desired.ModelAPIKey, secret)
	case !endpoint.At(origin):
		wrong = fmt.Sprintf("the key in the Secret %s is not for the API at the url; set its %s to the scheme, host and port of the url if it is", secret, desired.ModelOrigin)
	default:
		return problem{}
	}
	return problem{v1alpha1.ReasonModelKeyInvalid, field + ": " + wrong}
}

// modelSecret is a Secret with a model's key, nil for none.
func (c Models) modelSecret(ctx context.Context, name string) (*corev1.Secret, error) {
	reader, err := c.Clusters.Hub().Caches.Open(ctx, desired.ModelsNamespace, &corev1.Secret{})
	if err != nil {
		return nil, err
	}
	var secret corev1.Secret
	if err := reader.Get(ctx, client.ObjectKey{Namespace: desired.ModelsNamespace, Name: name}, &secret); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	return &secret, nil
}
