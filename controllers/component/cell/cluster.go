package cell

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/apply"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/clusters"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault"
)

// Cluster sees to it that the cell's own cluster exists, answers and is known to
// Vault. Only a cell on a cluster of its own has this part.
type Cluster struct {
	Clusters *clusters.Clusters
	Mounts   vault.Mounts
	Probes   *component.Probes[vault.Mount]
	Now      func() time.Time
}

// Condition implements component.Component.
func (Cluster) Condition() string { return v1alpha1.ConditionClusterReady }

// Needs implements component.Component.
func (Cluster) Needs(*Scope) []string { return nil }

// Reconcile implements component.Component.
func (c Cluster) Reconcile(ctx context.Context, s *Scope) component.Outcome {
	if s.Cell.Spec.Cluster.ClusterAPI != nil {
		if outcome := c.provision(ctx, s); !outcome.Ready() {
			return outcome
		}
	}
	if s.Cluster == nil {
		return ClusterOutcome(s.ClusterErr)
	}
	return c.mount(ctx, s)
}

// mount lets the cluster's pods log in to Vault.
func (c Cluster) mount(ctx context.Context, s *Scope) component.Outcome {
	reviewer := s.Cluster.Reviewer
	mount := vault.Mount{Path: desired.AuthMount(s.Cell.Name), Host: reviewer.Host, CAPEM: reviewer.CA, ReviewerJWT: reviewer.Token}
	stored := meta.IsStatusConditionTrue(s.Cell.Status.Conditions, v1alpha1.ConditionClusterReady)
	if wait := c.Probes.Due(s.Cell.Name, mount, stored, c.Now()); wait > 0 {
		return component.Outcome{After: wait}
	}
	if err := c.Mounts.EnsureAuthMount(ctx, mount); err != nil {
		return component.VaultOutcome(err)
	}
	return component.Outcome{After: c.Probes.Done(s.Cell.Name, mount, c.Now())}
}

// provision has Cluster API make the cluster. Nothing here ever deletes it.
func (c Cluster) provision(ctx context.Context, s *Scope) component.Outcome {
	hub := c.Clusters.Hub()
	wanted := desired.ClusterAPICluster(s.Cell)
	kind := &unstructured.Unstructured{}
	kind.SetGroupVersionKind(wanted.GroupVersionKind())
	reader, err := hub.Caches.Open(ctx, desired.ClustersNamespace, kind)
	if err == nil {
		applier := apply.Applier{Client: hub.Client, Live: hub.Live, Owned: s.Applier.Owned}
		_, _, err = applier.Apply(ctx, reader, wanted)
	}
	switch {
	case apply.IsMissingKind(err):
		return component.Wait(v1alpha1.ReasonClusterAPIMissing,
			"there is no Cluster API (clusters.cluster.x-k8s.io) that could make the cluster; install it, or give spec.cluster.kubeconfigSecretRef", operatorProbe)
	case err != nil:
		return failed(err)
	}
	return component.Outcome{}
}

// ClusterGone reports whether a human has taken back the way to a cluster of whose
// cell the data may go: nothing in it will ever be seen to.
func ClusterGone(c *v1alpha1.Cell, err error) bool {
	problem := (*clusters.NotReady)(nil)
	return errors.As(err, &problem) && problem.Reason == v1alpha1.ReasonKubeconfigMissing && !c.DeletionTimestamp.IsZero() && MayDiscard(c)
}

// ClusterOutcome says why a cluster cannot be worked with. What is there cannot
// be seen then, and nothing is concluded from that.
func ClusterOutcome(err error) component.Outcome {
	if problem := (*clusters.NotReady)(nil); errors.As(err, &problem) {
		outcome := component.Wait(problem.Reason, problem.Message, operatorProbe)
		outcome.Unseen = true
		return outcome
	}
	return component.Fail(err)
}
