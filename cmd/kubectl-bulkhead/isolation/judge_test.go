package isolation

import (
	"errors"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/matrix"
	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/report"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

func expectVerdict(t *testing.T, what string, got report.Check, expected matrix.Verdict) {
	t.Helper()
	if got.Verdict != expected {
		t.Errorf("%s: %s (%s), expected %s", what, got.Verdict, got.Observed, expected)
	}
	if got.Verdict == matrix.Fail && got.Advice == "" {
		t.Errorf("%s: nothing says what to do", what)
	}
}

func TestJudgePodSecurity(t *testing.T) {
	refused := errors.New(`pods "x" is forbidden: violates PodSecurity "restricted:latest": privileged`)
	for name, c := range map[string]struct {
		enforced string
		refusal  error
		verdict  matrix.Verdict
	}{
		"refused":                  {"restricted", refused, matrix.Pass},
		"let in":                   {"restricted", nil, matrix.Fail},
		"refused by somebody else": {"restricted", errors.New("exceeded quota"), matrix.Fail},
		"a weaker standard":        {"baseline", refused, matrix.Fail},
		"no standard":              {"", refused, matrix.Fail},
	} {
		expectVerdict(t, name, judgePodSecurity("ns", c.enforced, c.refusal), c.verdict)
	}
}

func TestJudgeRights(t *testing.T) {
	for name, c := range map[string]struct {
		excess  granted
		verdict matrix.Verdict
	}{
		"none":                       {granted{}, matrix.Pass},
		"one":                        {granted{all: []string{"get nodes"}}, matrix.Fail},
		"one, and others not listed": {granted{all: []string{"get nodes"}, incomplete: true}, matrix.Fail},
		"others are not listed":      {granted{incomplete: true}, matrix.Unproven},
	} {
		expectVerdict(t, name, judgeRights("claim", c.excess), c.verdict)
	}
}

func TestJudgeKeys(t *testing.T) {
	const open, denied, unreachable = binding.ProbeOpen, binding.ProbeDenied, binding.ProbeUnreachable
	use := func(outcome binding.ProbeOutcome) []keyUse {
		return []keyUse{{tenant: "acme", proof: []string{"globex", "acme"}, result: binding.ProbeResult{Outcome: outcome}}}
	}
	both := map[string]bool{"acme": true, "globex": true}
	for name, c := range map[string]struct {
		expected binding.ProbeOutcome
		uses     []keyUse
		opened   map[string]bool
		verdict  matrix.Verdict
	}{
		"its own key":                           {open, use(open), nil, matrix.Pass},
		"its own key, denied":                   {open, use(denied), nil, matrix.Fail},
		"its own key, without Vault":            {open, use(unreachable), nil, matrix.Unproven},
		"another's key":                         {denied, use(denied), both, matrix.Pass},
		"another's key, opened":                 {denied, use(open), both, matrix.Fail},
		"another's key, with a role that fails": {denied, use(denied), map[string]bool{"acme": true}, matrix.Unproven},
		"another's key, that nobody opens":      {denied, use(denied), nil, matrix.Unproven},
		"another's key, without Vault":          {denied, use(unreachable), both, matrix.Unproven},
		"one of several others', opened":        {denied, append(use(denied), use(open)...), both, matrix.Fail},
		"nothing to try":                        {denied, nil, both, matrix.Shown},
		"another's key, the attempt went wrong": {denied, use(binding.ProbeFailed), both, matrix.Unproven},
	} {
		expectVerdict(t, name, judgeKeys("it", "claim", c.expected, c.uses, c.opened), c.verdict)
	}
}

func TestDeniesByDefault(t *testing.T) {
	both := []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}
	for name, c := range map[string]struct {
		spec   networkingv1.NetworkPolicySpec
		denies bool
	}{
		"everything, both ways": {networkingv1.NetworkPolicySpec{PolicyTypes: both}, true},
		"one way":               {networkingv1.NetworkPolicySpec{PolicyTypes: both[:1]}, false},
		"some pods": {networkingv1.NetworkPolicySpec{
			PolicyTypes: both, PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}},
		}, false},
		"with an exception": {networkingv1.NetworkPolicySpec{PolicyTypes: both, Egress: []networkingv1.NetworkPolicyEgressRule{{}}}, false},
	} {
		if got := deniesByDefault(networkingv1.NetworkPolicy{Spec: c.spec}); got != c.denies {
			t.Errorf("%s: %v", name, got)
		}
	}
}
