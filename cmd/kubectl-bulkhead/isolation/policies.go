package isolation

import (
	"context"
	"fmt"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/matrix"
	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/report"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// policies checks that whatever is not allowed is denied, in each of our namespaces.
func (t *test) policies(ctx context.Context, s *survey) ([]report.Check, error) {
	var checks []report.Check
	for _, c := range s.cells {
		for _, namespace := range c.namespaces() {
			found, err := t.policiesOf(ctx, namespace)
			if err != nil {
				return nil, err
			}
			check := report.Check{
				Subject: namespace, Claim: "what no NetworkPolicy allows is denied, both ways",
				Verdict: matrix.Pass,
				Advice:  fmt.Sprintf("the operator restores it; is it running? `kubectl -n %s get pods`, and `kubectl describe cell %s`", desired.SystemNamespace, c.name),
			}
			i := slices.IndexFunc(found, deniesByDefault)
			if i >= 0 {
				check.Observed = "by " + found[i].Name
			} else {
				check.Verdict, check.Observed = matrix.Fail, fmt.Sprintf("none of its %d NetworkPolicies selects every pod and allows nothing", len(found))
			}
			checks = append(checks, check)
		}
	}
	return checks, nil
}

func (t *test) policiesOf(ctx context.Context, namespace string) ([]networkingv1.NetworkPolicy, error) {
	var policies networkingv1.NetworkPolicyList
	err := t.client.List(ctx, &policies, client.InNamespace(namespace))
	return policies.Items, err
}

// deniesByDefault knows a policy by what it does, not by its name.
func deniesByDefault(p networkingv1.NetworkPolicy) bool {
	everyPod := len(p.Spec.PodSelector.MatchLabels)+len(p.Spec.PodSelector.MatchExpressions) == 0
	return everyPod && len(p.Spec.Ingress)+len(p.Spec.Egress) == 0 &&
		slices.Contains(p.Spec.PolicyTypes, networkingv1.PolicyTypeIngress) &&
		slices.Contains(p.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
}

// foreignPolicies are those in our namespaces that the operator did not make.
func (t *test) foreignPolicies(ctx context.Context, s *survey) ([]report.Policy, error) {
	var foreign []report.Policy
	for _, c := range s.cells {
		for _, namespace := range c.namespaces() {
			found, err := t.policiesOf(ctx, namespace)
			if err != nil {
				return nil, err
			}
			for _, p := range found {
				if p.Labels[desired.LabelManagedBy] != desired.ManagedBy {
					foreign = append(foreign, report.Policy{Namespace: p.Namespace, Name: p.Name})
				}
			}
		}
	}
	return foreign, nil
}
