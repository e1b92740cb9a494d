package tenant

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/component/cell"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// acknowledgementDeadline is how long a deletion waits for the runtime to stop
// access. After it, the tenant's Vault role goes, so that the lease of its data
// keys ends access.
const acknowledgementDeadline = 60 * time.Second

// Retain stops a deleted tenant's access and keeps its data and its key. It is
// ready when nobody can be served any more and what the tenant has to itself was
// told to stop.
func (p *Parts) Retain(ctx context.Context, s *Scope) component.Outcome {
	if outcome := p.findCluster(ctx, s); !outcome.Ready() {
		return outcome
	}
	id, err := p.deletedID(ctx, s)
	if err != nil {
		return component.Fail(err)
	}
	s.ID = id
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

// findCluster finds the cluster that a deleted tenant had to itself. While it
// does not answer, the tenant's Vault role goes, so that the lease of its data
// keys ends access there; the Tenant stays until its Binding can be seen to. A
// cluster in which nothing was ever made is not waited for.
func (p *Parts) findCluster(ctx context.Context, s *Scope) component.Outcome {
	if s.Cluster != nil || s.Tenant.Spec.Cluster == nil {
		return component.Outcome{}
	}
	cluster, err := p.Clusters.Of(ctx, s.Tenant.Spec.Cluster, ownCellOf(s.Tenant))
	if err == nil {
		s.Cluster = cluster
		return component.Outcome{}
	}
	unused, failed := p.neverUsed(ctx, s, err)
	if failed != nil {
		return component.Fail(failed)
	}
	if unused {
		s.Cluster = p.Clusters.Hub()
		return component.Outcome{}
	}
	if s.Now.Sub(s.Tenant.DeletionTimestamp.Time) > acknowledgementDeadline && s.Tenant.Status.ID != "" {
		if err := p.Keys.DeleteRole(ctx, desired.AuthMount(ownCellOf(s.Tenant)), desired.VaultRole(s.Tenant.Status.ID)); err != nil {
			return component.VaultOutcome(err)
		}
	}
	return cell.ClusterOutcome(err)
}

// neverUsed reports whether nothing of the tenant was ever made in the cluster that
// it was to have: its cell got no namespace there, or the tenant never got a cell.
// The same goes for a cluster that a human gave up. It reads past the cache: what it
// says decides over access.
func (p *Parts) neverUsed(ctx context.Context, s *Scope, unseen error) (bool, error) {
	var own v1alpha1.Cell
	err := p.Clusters.Hub().Live.Get(ctx, client.ObjectKey{Name: ownCellOf(s.Tenant)}, &own)
	if apierrors.IsNotFound(err) {
		return s.Tenant.Status.Placement == nil, nil
	}
	return err == nil && (len(own.Status.Namespaces) == 0 || cell.ClusterGone(&own, unseen)), err
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
	p.Placements.Release(id, s.Tenant.Name)
	p.Pending.Left(id, false, s.Now)
}

// deletedID is the identity that the tenant had taken. Without a status its
// credential says so, which goes last; or the one Binding that carries its name.
func (p *Parts) deletedID(ctx context.Context, s *Scope) (uuid.UUID, error) {
	t := s.Tenant
	if t.Status.ID != "" {
		return uuid.Parse(t.Status.ID)
	}
	credential, err := p.credential(ctx, t)
	if err != nil {
		return uuid.Nil, err
	}
	if credential != nil {
		return uuid.Parse(credential.Labels[binding.LabelTenantID])
	}
	id, outcome := p.recognise(ctx, s)
	if outcome.Err != nil {
		return uuid.Nil, outcome.Err
	}
	if !outcome.Ready() {
		return uuid.Parse(string(t.UID)) // it never got anywhere
	}
	return id, nil
}

// credential is the hand-over Secret that was made for a tenant of this name,
// nil when there is none.
func (p *Parts) credential(ctx context.Context, t *v1alpha1.Tenant) (*corev1.Secret, error) {
	secret, err := p.handOver(ctx, t.Name)
	if err != nil || secret == nil || secret.Labels[desired.LabelManagedBy] != desired.ManagedBy || secret.Labels[desired.LabelTenant] != t.Name {
		return nil, err
	}
	return secret, nil
}

// stopAccess retains every Binding, first of all, and then waits until nobody
// serves the tenant. Where a Binding was lost there is nobody who could say so.
func (p *Parts) stopAccess(ctx context.Context, s *Scope, bindings []*Bound) component.Outcome {
	revisions := map[*Bound]string{}
	lost := len(bindings) == 0 && committed(s.Tenant)
	for _, b := range bindings {
		revision, err := p.writeRetained(ctx, s, b)
		switch {
		case err == nil:
			revisions[b] = revision
		case p.unlessLost(ctx, s, b.Cell, err) != nil:
			return component.Fail(fmt.Errorf("the Binding in the Cell %s: %w", b.Cell, err))
		default:
			lost = true
		}
	}
	for _, b := range bindings {
		if revisions[b] == "" {
			continue
		}
		if outcome := p.stopped(ctx, s, b, revisions[b]); !outcome.Ready() {
			return outcome
		}
	}
	if lost {
		return p.deleteRole(ctx, s)
	}
	return component.Outcome{}
}

// stopped is ready when every pod that serves a cell has given the tenant up, or
// can use its key only for the rest of a lease.
func (p *Parts) stopped(ctx context.Context, s *Scope, b *Bound, revision string) component.Outcome {
	reader, err := runtimeReader(ctx, s.Cluster, b.Cell)
	if err != nil {
		return component.Fail(err)
	}
	outcome, err := acknowledged(ctx, reader, b.Cell, s.ID, revision)
	if err != nil {
		return component.Fail(err)
	}
	if outcome.Reason == v1alpha1.ReasonRuntimeStarting {
		return p.deleteRole(ctx, s) // a pod that does not serve may still hold keys
	}
	if outcome.Reason != v1alpha1.ReasonAwaitingAcknowledgement {
		return component.Outcome{} // every serving pod has stopped
	}
	if left := s.Tenant.DeletionTimestamp.Add(acknowledgementDeadline).Sub(s.Now); left > 0 {
		return component.Wait(v1alpha1.ReasonRetained, "access is being stopped; the data and the key are kept", min(left, ackPoll))
	}
	return p.deleteRole(ctx, s)
}

// deleteRole lets the lease of the tenant's data keys end access.
func (p *Parts) deleteRole(ctx context.Context, s *Scope) component.Outcome {
	if err := p.Keys.DeleteRole(ctx, authMount(s), desired.VaultRole(s.ID.String())); err != nil {
		outcome := component.VaultOutcome(err)
		if outcome.Message != "" {
			outcome.Message = "not every runtime pod has confirmed that it stopped, and the tenant's Vault role cannot be deleted: " + outcome.Message
		}
		return outcome
	}
	return component.Outcome{}
}

// writeRetained stops access by the Binding, which stays as the record of the data.
func (p *Parts) writeRetained(ctx context.Context, s *Scope, b *Bound) (revision string, err error) {
	if b.Binding.Version == 0 {
		return "", fmt.Errorf("%s/%s cannot be read; restore its %s, or remove the finalizer by hand",
			b.Secret.Namespace, b.Secret.Name, binding.SecretKey)
	}
	retained := b.Binding
	retained.State, retained.Credentials = binding.Retained, nil
	data, err := binding.Encode(retained)
	if err != nil {
		return "", err
	}
	if !bytes.Equal(b.Secret.Data[binding.SecretKey], data) {
		secret := b.Secret.DeepCopy()
		secret.Data = map[string][]byte{binding.SecretKey: data}
		if err := s.Cluster.Client.Update(ctx, secret); err != nil {
			return "", err
		}
	}
	return binding.Revision(data), nil
}

// authMount is where the tenant's Vault role is; empty for the hub's.
func authMount(s *Scope) string {
	if s.Tenant.Spec.Cluster == nil {
		return ""
	}
	return desired.AuthMount(desired.OwnCellName(s.ID.String()))
}

// withdrawCredential deletes the hand-over Secret; its key opens nothing any more.
func (p *Parts) withdrawCredential(ctx context.Context, s *Scope) error {
	secret, err := p.credential(ctx, s.Tenant)
	if err != nil || secret == nil || secret.Labels[binding.LabelTenantID] != s.ID.String() {
		return err
	}
	err = p.Client.Delete(ctx, secret, client.Preconditions{UID: ptr.To(secret.UID)})
	return client.IgnoreNotFound(err)
}
