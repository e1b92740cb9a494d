package tenant

import (
	"context"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/component/cell"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
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
	if s.Tenant.Spec.Cluster == nil { // the CRD keeps this from happening in the tiers that it knows
		return component.Stall(v1alpha1.ReasonClusterRequired, "the tier needs a cluster: give spec.cluster.kubeconfigSecretRef or spec.cluster.clusterAPI")
	}
	own, err := c.ownCellName(ctx, s.Tenant)
	if err != nil {
		return component.Fail(err)
	}
	cluster, err := c.Clusters.Of(ctx, s.Tenant.Spec.Cluster, own)
	if err != nil {
		outcome := cell.ClusterOutcome(err)
		s.ClusterBeingMade = outcome.Reason == v1alpha1.ReasonClusterProvisioning
		return outcome
	}
	s.Cluster = cluster
	return component.Outcome{}
}

// ownCellName is the name that the tenant's own cell has, or will get.
func (p *Parts) ownCellName(ctx context.Context, t *v1alpha1.Tenant) (string, error) {
	for _, id := range []string{t.Status.ID, t.Spec.AdoptID} {
		if id != "" {
			return desired.OwnCellName(id), nil
		}
	}
	id, outcome := p.recognise(ctx, t) // when it stalls, the Placement component says why
	return desired.OwnCellName(id.String()), outcome.Err
}
