package cell

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

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
	told := c.provision(ctx, s)
	switch {
	case s.Cluster != nil:
		return remark(c.mount(ctx, s), told)
	case !told.Ready():
		told.Unseen = true
		return told
	}
	return ClusterOutcome(s.ClusterErr)
}

// remark adds to a cluster that works what is to be said of Cluster API: that it
// cannot be told what is wanted holds nobody up.
func remark(outcome, told component.Outcome) component.Outcome {
	if !outcome.Ready() {
		return outcome
	}
	outcome.Reason, outcome.Message = told.Reason, told.Message
	if told.Err != nil && told.Message == "" {
		outcome.Message = told.Err.Error()
	}
	if !told.Ready() && (outcome.After == 0 || outcome.After > operatorProbe) {
		outcome.After = operatorProbe
	}
	return outcome
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

// provision has Cluster API make the cluster. Nothing here ever deletes it, and
// one that was in use is not made anew: the tenant's data was on it.
func (c Cluster) provision(ctx context.Context, s *Scope) component.Outcome {
	if s.Cell.Spec.Cluster.ClusterAPI == nil {
		return component.Outcome{}
	}
	wanted, err := desired.ClusterAPICluster(s.Cell)
	if err != nil {
		return component.Fail(err)
	}
	hub := c.Clusters.Hub()
	reader, err := c.Clusters.ClusterAPI(ctx)
	if err != nil {
		return notTold(err)
	}
	live, err := apply.Get(ctx, reader, hub.Client.Scheme(), wanted)
	if err != nil {
		return notTold(err)
	}
	if outcome := makeable(s, live != nil, apply.Describe(wanted)); !outcome.Ready() {
		return outcome
	}
	applier := *s.Applier
	applier.Client, applier.Live = hub.Client, hub.Live
	if _, _, err := applier.Apply(ctx, reader, wanted); err != nil {
		return notTold(err)
	}
	if s.Cell.Spec.IsRetired() {
		return component.Outcome{Reason: v1alpha1.ReasonRetired, Message: apply.Describe(wanted) +
			" goes on, as the data is on it; delete it by hand once the data may go"}
	}
	return component.Outcome{}
}

// makeable refuses to make a Cluster for data that was on another one, or for nobody.
func makeable(s *Scope, exists bool, name string) component.Outcome {
	switch {
	case exists:
	case len(s.Cell.Status.Namespaces) > 0:
		return component.Stall(v1alpha1.ReasonClusterGone, name+
			", which holds the tenant's data, is gone from here and is not made anew; bring it back from a backup, or from where `clusterctl move` took it")
	case s.Cell.Spec.IsRetired():
		return component.Stall(v1alpha1.ReasonRetired, "the tenant was deleted before "+name+" was made")
	}
	return component.Outcome{}
}

// notTold is the Outcome when Cluster API cannot be told what is wanted.
func notTold(err error) component.Outcome {
	switch {
	case apply.IsMissingKind(err):
		return ClusterOutcome(clusters.MissingClusterAPI())
	case errors.Is(err, apply.ErrForeign):
		return component.Stall(v1alpha1.ReasonForeignObject, err.Error()+"; remove it, as the cell's cluster needs that name")
	}
	outcome := component.Fail(err).Patient(operatorProbe)
	if outcome.Reason == v1alpha1.ReasonAdmissionDenied { // a Cluster holds no secret: who refuses it may be quoted
		outcome.Message = err.Error() + "; correct the ClusterClass, or spec.cluster.clusterAPI in a new Tenant"
	}
	return outcome
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
