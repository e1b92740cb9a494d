package tenant

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/component/cell"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// acknowledgementDeadline is how long a deletion waits for the runtime to stop
// access before it takes the tenant's Vault role, so that the lease of its data
// keys ends access.
const acknowledgementDeadline = 60 * time.Second

// Retain stops a deleted tenant's access and keeps its data and its key. It is
// ready when nobody can be served any more and what the tenant has to itself was
// told to stop. Whatever holds it up, the tenant's Vault role goes in time.
func (p *Parts) Retain(ctx context.Context, s *Scope) component.Outcome {
	outcome := p.retain(ctx, s)
	if outcome.Ready() || s.Leaving == nil || s.patience() > 0 {
		return outcome
	}
	if role := p.deleteRole(ctx, s); !role.Ready() {
		return role
	}
	return outcome
}

// patience is for how long a deletion still waits for the runtime to say that it
// has stopped.
func (s *Scope) patience() time.Duration {
	return s.Tenant.DeletionTimestamp.Add(acknowledgementDeadline).Sub(s.Now)
}

func (p *Parts) retain(ctx context.Context, s *Scope) component.Outcome {
	id, err := p.deletedID(ctx, s.Tenant)
	if err != nil {
		return component.Fail(err)
	}
	s.ID = id
	if id.String() != string(s.Tenant.UID) { // what says so is taken away on the way
		s.Tenant.Status.ID = id.String()
	}
	if outcome := p.findCluster(ctx, s); !outcome.Ready() {
		return outcome
	}
	bindings, err := p.bindingsToRetain(ctx, s)
	if err != nil {
		return component.Fail(err)
	}
	intake := p.closeIntake(ctx, s, bindings)
	if outcome := p.stopAccess(ctx, s, bindings); !outcome.Ready() {
		return outcome
	}
	if err := p.withdrawCredential(ctx, s); err != nil {
		return component.Fail(fmt.Errorf("the credential Secret: %w", err))
	}
	if err := p.closeDoor(ctx, s, bindings); err != nil {
		return component.Fail(err)
	}
	if err := p.retireOwn(ctx, s); err != nil {
		return component.Fail(fmt.Errorf("the tenant's own Cell: %w", err))
	}
	if intake != nil { // whoever holds back the route has not kept access open by that
		return component.Fail(intake)
	}
	return component.Outcome{}
}

// closeIntake takes the tenant's host name away from the gateway.
func (p *Parts) closeIntake(ctx context.Context, s *Scope, bindings []*Bound) error {
	if !p.mayHaveRoute(s.Tenant) {
		return nil
	}
	for _, cellName := range servingCells(s.Tenant, bindings) {
		if err := p.remove(ctx, s, cellName, route(s)); err != nil {
			return fmt.Errorf("the tenant's HTTPRoute in the Cell %s: %w", cellName, err)
		}
	}
	return nil
}

// closeDoor shuts a shared runtime's way to the tenant's own database.
func (p *Parts) closeDoor(ctx context.Context, s *Scope, bindings []*Bound) error {
	placement := s.Tenant.Status.Placement
	ownDatabase := placement != nil && placement.Database != placement.Compute
	for _, b := range bindings {
		ownDatabase = ownDatabase || (b.Binding.Version != 0 && !b.Binding.Database.Cell)
	}
	if !ownDatabase {
		return nil
	}
	for _, cellName := range servingCells(s.Tenant, bindings) {
		door, err := desired.DatabaseDoor(desired.DoorInput{TenantID: s.ID.String(), ServingCell: cellName})
		if err != nil {
			return err
		}
		policy := &networkingv1.NetworkPolicy{}
		policy.SetName(door.GetName())
		if err := p.remove(ctx, s, cellName, policy); err != nil {
			return fmt.Errorf("the way to the tenant's database from the Cell %s: %w", cellName, err)
		}
	}
	return nil
}

// servingCells are those in which something of the tenant may be.
func servingCells(t *v1alpha1.Tenant, bindings []*Bound) []string {
	var cells []string
	for _, b := range bindings {
		cells = append(cells, b.Cell)
	}
	if t.Status.Placement != nil {
		cells = append(cells, t.Status.Placement.Compute)
	}
	slices.Sort(cells)
	return slices.Compact(cells)
}

// findCluster finds the cluster in which a deleted tenant's own cell is: its Cell
// says so, whatever the spec says now. While it does not answer, the Cell is retired,
// which says that the tenant was deleted, whatever becomes of it; the Tenant stays
// until its Binding can be seen to. A cluster in which nothing was ever made is not
// waited for.
func (p *Parts) findCluster(ctx context.Context, s *Scope) component.Outcome {
	own, err := p.lastOwn(ctx, s)
	if err != nil {
		return component.Fail(err)
	}
	s.Leaving = own
	cluster, err := p.Clusters.OfCell(ctx, own)
	if err == nil {
		s.Cluster = cluster
		return component.Outcome{}
	}
	if neverUsed(s.Tenant, own) || cell.ClusterGone(own, err) {
		s.Cluster = p.Clusters.Hub()
		return component.Outcome{}
	}
	if s.patience() <= 0 {
		if err := p.retireOwn(ctx, s); err != nil {
			return component.Fail(fmt.Errorf("the tenant's own Cell: %w", err))
		}
	}
	return cell.ClusterOutcome(err)
}

// lastOwn is the tenant's own Cell. When there is none, it is what the spec would
// have made. Where another cluster is in question it is read past the cache, since
// it decides over access there.
func (p *Parts) lastOwn(ctx context.Context, s *Scope) (*v1alpha1.Cell, error) {
	own, err := ownCellOf(ctx, p.Client, s.ID.String())
	if s.Tenant.Spec.Cluster != nil || own != nil && own.Spec.Cluster != nil {
		own, err = ownCellOf(ctx, p.Clusters.Hub().Live, s.ID.String())
	}
	if own == nil && err == nil {
		own = &v1alpha1.Cell{Spec: v1alpha1.CellSpec{Cluster: s.Tenant.Spec.Cluster}}
		own.Name = desired.OwnCellName(s.ID.String())
	}
	return own, err
}

// neverUsed reports whether nothing of the tenant was ever made in the cluster that
// it was to have: its Cell got no namespace there, or it never got a Cell.
func neverUsed(t *v1alpha1.Tenant, own *v1alpha1.Cell) bool {
	if own.UID == "" {
		return t.Status.Placement == nil
	}
	return len(own.Status.Namespaces) == 0
}

// bindingsToRetain looks past the caches when they have none: a Binding that was
// made a moment ago must not stay active.
func (p *Parts) bindingsToRetain(ctx context.Context, s *Scope) ([]*Bound, error) {
	found, err := p.Bindings.ByID(ctx, s.ID, s.Cluster)
	if err != nil || len(found) > 0 {
		return found, err
	}
	cellName := p.Placements.CellOf(s.ID.String())
	if cellName == "" && s.Tenant.Status.Placement != nil {
		cellName = s.Tenant.Status.Placement.Compute
	}
	if cellName == "" {
		return nil, nil
	}
	var secret corev1.Secret
	key := client.ObjectKey{Namespace: desired.RuntimeNamespace(cellName), Name: desired.BindingSecret(s.ID.String())}
	if err := s.Cluster.Live.Get(ctx, key, &secret); err != nil {
		return nil, p.unlessLost(ctx, s, cellName, err)
	}
	return []*Bound{bound(cellName, &secret)}, nil
}

// Forget drops what this process remembers of a tenant.
func (p *Parts) Forget(s *Scope) {
	id := s.ID.String()
	p.Probes.Forget(id)
	p.Placements.Release(s.Tenant.Name)
	p.Pending.Left(id, false, s.Now)
}

// deletedID is the identity that the tenant had taken. Without a status its
// credential says so, which goes last; or what is kept under its name.
func (p *Parts) deletedID(ctx context.Context, t *v1alpha1.Tenant) (uuid.UUID, error) {
	if t.Status.ID != "" {
		return uuid.Parse(t.Status.ID)
	}
	own, err := uuid.Parse(string(t.UID))
	if err != nil {
		return own, err
	}
	id, err := p.lostID(ctx, t)
	if err != nil {
		return own, err
	}
	others, err := Claimants(ctx, p.Client, id.String())
	if slices.ContainsFunc(others, func(name string) bool { return name != t.Name }) {
		return own, err // somebody else has taken it up since
	}
	return id, err
}

// lostID is the identity of a deleted tenant that lost its status; its own UID when
// it never got anywhere.
func (p *Parts) lostID(ctx context.Context, t *v1alpha1.Tenant) (uuid.UUID, error) {
	credential, err := p.credential(ctx, t)
	if err != nil {
		return uuid.Nil, err
	}
	if credential != nil {
		return uuid.Parse(credential.Labels[binding.LabelTenantID])
	}
	id, outcome := p.recognise(ctx, t)
	return id, outcome.Err // what it refuses to guess is the tenant's own
}

// credential is the Secret that the operator made for a tenant of this name,
// nil when there is none.
func (p *Parts) credential(ctx context.Context, t *v1alpha1.Tenant) (*corev1.Secret, error) {
	secret, err := p.issued(ctx, t.Name)
	if err != nil || secret == nil || secret.Labels[desired.LabelManagedBy] != desired.ManagedBy || secret.Labels[desired.LabelTenant] != t.Name {
		return nil, err
	}
	return secret, nil
}

// withdrawCredential deletes the credential Secret; its key opens nothing any more.
func (p *Parts) withdrawCredential(ctx context.Context, s *Scope) error {
	secret, err := p.credential(ctx, s.Tenant)
	if err != nil || secret == nil || secret.Labels[binding.LabelTenantID] != s.ID.String() {
		return err
	}
	err = p.Client.Delete(ctx, secret, client.Preconditions{UID: ptr.To(secret.UID)})
	return client.IgnoreNotFound(err)
}
