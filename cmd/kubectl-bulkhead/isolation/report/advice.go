package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/matrix"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// advice says what to do about a result that is not as expected.
func (r *Report) advice(result matrix.Result) string {
	if result.Expected == matrix.Open {
		return missing(result)
	}
	namespaces := between(result)
	var suspects []string
	for _, p := range r.Policies {
		if slices.Contains(namespaces, p.Namespace) {
			suspects = append(suspects, p.String())
		}
	}
	if len(suspects) > 0 {
		return "NetworkPolicies add up, and the operator did not make " + strings.Join(suspects, ", ") + ": remove what it lets through"
	}
	return fmt.Sprintf("compare the NetworkPolicies of %s with the Cell; the operator restores its own within seconds, "+
		"so if default-deny is there, the network plugin does not enforce it", strings.Join(namespaces, " and "))
}

// between are the namespaces whose policies stand between the two.
func between(result matrix.Result) []string {
	var namespaces []string
	if result.From.Kind == matrix.VantageRuntime {
		namespaces = append(namespaces, desired.RuntimeNamespace(result.From.Cell))
	}
	switch result.To.Kind {
	case matrix.TargetRuntime:
		namespaces = append(namespaces, desired.RuntimeNamespace(result.To.Cell))
	case matrix.TargetDatabase:
		namespaces = append(namespaces, desired.DatabaseNamespace(result.To.Cell))
	}
	return slices.Compact(namespaces)
}

// missing is advice for what the runtime needs and does not reach.
func missing(result matrix.Result) string {
	switch result.Relation {
	case matrix.DNS:
		return "name the pods that answer DNS in the operator's configuration, dns.server, and a node-local cache in dns.nodeLocal"
	case matrix.APIServer:
		return "the operator allows the endpoints of the Service default/kubernetes; look at `kubectl -n default get endpointslices` and at its log"
	}
	return fmt.Sprintf("look at `kubectl describe cell %s %s`, and at the NetworkPolicies of %s",
		result.From.Cell, result.To.Cell, strings.Join(between(result), " and "))
}
