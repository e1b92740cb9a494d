package isolation

import (
	"context"
	"fmt"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/matrix"
	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/report"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// policies checks that whatever is not allowed is denied, in each of our namespaces.
func (t *test) policies(_ context.Context, _ *survey, c *cell) ([]report.Check, error) {
	var checks []report.Check
	for _, namespace := range c.namespaces() {
		checks = append(checks, judgePolicies(namespace, slices.DeleteFunc(slices.Clone(c.policies), func(p networkingv1.NetworkPolicy) bool {
			return p.Namespace != namespace
		})))
	}
	return checks, nil
}

func judgePolicies(namespace string, found []networkingv1.NetworkPolicy) report.Check {
	check := report.Check{
		Subject: namespace, Claim: "what no NetworkPolicy allows is denied, both ways", Verdict: matrix.Pass,
		Advice: fmt.Sprintf("the operator restores it; does it run? `kubectl -n %s get pods`", desired.SystemNamespace),
	}
	i := slices.IndexFunc(found, deniesByDefault)
	if i < 0 {
		check.Verdict, check.Observed = matrix.Fail, fmt.Sprintf("none of its %d NetworkPolicies selects every pod and allows nothing", len(found))
		return check
	}
	check.Observed = "by " + found[i].Name
	return check
}

// deniesByDefault knows a policy by what it does, not by its name.
func deniesByDefault(p networkingv1.NetworkPolicy) bool {
	everyPod := len(p.Spec.PodSelector.MatchLabels)+len(p.Spec.PodSelector.MatchExpressions) == 0
	return everyPod && len(p.Spec.Ingress)+len(p.Spec.Egress) == 0 &&
		slices.Contains(p.Spec.PolicyTypes, networkingv1.PolicyTypeIngress) &&
		slices.Contains(p.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
}

// foreignPolicies are those in our namespaces that the operator did not make.
func (s *survey) foreignPolicies() []report.Policy {
	var foreign []report.Policy
	for _, c := range s.cells {
		for _, p := range c.policies {
			if p.Labels[desired.LabelManagedBy] != desired.ManagedBy {
				foreign = append(foreign, report.Policy{Namespace: p.Namespace, Name: p.Name})
			}
		}
	}
	return foreign
}
