package tenant

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/component/cell"
)

// Cluster finds the cluster that the tenant has to itself. Only tiers with a
// cluster of their own have this part.
type Cluster struct{ *Parts }

// Condition implements component.Component.
func (Cluster) Condition() string { return v1alpha1.ConditionClusterReady }

// Needs implements component.Component.
func (Cluster) Needs(*Scope) []string { return nil }

// Reconcile implements component.Component.
func (c Cluster) Reconcile(ctx context.Context, s *Scope) component.Outcome {
	wanted := s.Tenant.Spec.Cluster
	if wanted == nil { // the CRD keeps this from happening in the tiers that it knows
		return component.Stall(v1alpha1.ReasonClusterRequired, "the tier needs a cluster: give spec.cluster.kubeconfigSecretRef or spec.cluster.clusterAPI")
	}
	name, own, err := c.ownCell(ctx, s.Tenant)
	if err != nil {
		return component.Fail(err)
	}
	if own != nil && !own.Spec.Cluster.Same(wanted) {
		return component.Stall(v1alpha1.ReasonMoveRequired, fmt.Sprintf(
			"the tenant's Cell %s is not on the cluster of spec.cluster, and this version cannot move it; apply the Tenant anew with the cluster that it had", name))
	}
	cluster, err := c.Clusters.Of(ctx, wanted, name)
	if err != nil {
		return awaited(s, own, cell.ClusterOutcome(err))
	}
	s.Cluster = cluster
	return component.Outcome{}
}

// awaited says why there is no cluster. One that is being made for the first time
// is told from one that was there; whatever the cell says of it is better known.
func awaited(s *Scope, own *v1alpha1.Cell, outcome component.Outcome) component.Outcome {
	if outcome.Reason != v1alpha1.ReasonClusterProvisioning {
		return outcome
	}
	s.ClusterBeingMade = own == nil || len(own.Status.Namespaces) == 0
	if own == nil {
		return outcome
	}
	said := meta.FindStatusCondition(own.Status.Conditions, v1alpha1.ConditionClusterReady)
	if said != nil && said.Status == metav1.ConditionFalse && said.Reason != v1alpha1.ReasonClusterProvisioning {
		outcome.Reason, outcome.Message = said.Reason, fmt.Sprintf("the Cell %s: %s", own.Name, said.Message)
	}
	return outcome
}
