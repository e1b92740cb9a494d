package cell

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/apply"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// operatorProbe is how often a missing database operator is looked for.
const operatorProbe = 15 * time.Second

// Database brings about the cell's PostgreSQL and the passwords of its roles.
type Database struct{}

// Condition implements component.Component.
func (Database) Condition() string { return v1alpha1.ConditionDatabaseReady }

// Needs implements component.Component.
func (Database) Needs(*Scope) []string { return []string{v1alpha1.ConditionNamespacesReady} }

// Reconcile implements component.Component.
func (Database) Reconcile(ctx context.Context, s *Scope) component.Outcome {
	if s.Cell.Spec.Database == nil {
		return component.Outcome{}
	}
	if !s.Facts.HasDatabaseOperator {
		return component.Wait(v1alpha1.ReasonDatabaseOperatorMissing,
			"the cluster has no CloudNativePG (clusters.postgresql.cnpg.io); install its operator", operatorProbe)
	}
	if outcome := s.knowDatabase(); !outcome.Ready() {
		return outcome
	}
	for role, secret := range map[string]string{binding.RoleApp: desired.RoleSecretApp, binding.RoleLane: desired.RoleSecretLane} {
		if err := s.ensurePassword(ctx, role, secret); err != nil {
			return failed(err)
		}
	}
	if outcome := s.applyAll(ctx, s.Set.Database); !outcome.Ready() {
		if apply.IsMissingKind(outcome.Err) {
			return component.Wait(v1alpha1.ReasonDatabaseOperatorMissing, "CloudNativePG went away; install its operator again", operatorProbe)
		}
		return outcome
	}
	if s.Cell.Spec.IsRetired() {
		return asleep(s.Facts.Cluster)
	}
	if outcome := databaseHealth(s.Facts.Cluster); !outcome.Ready() {
		return outcome
	}
	return s.databaseShape()
}

// databaseHealth is what CloudNativePG says of its Cluster.
func databaseHealth(cluster *cnpgv1.Cluster) component.Outcome {
	starting := func(format string, args ...any) component.Outcome {
		return component.Wait(v1alpha1.ReasonDatabaseStarting, fmt.Sprintf(format, args...), 0)
	}
	switch {
	case cluster == nil || cluster.Status.Phase == "":
		return starting("CloudNativePG has not begun to make the PostgreSQL cluster; if this lasts, look at its operator")
	case hibernation(cluster) != nil:
		return hibernated(cluster)
	case cluster.Status.Phase == cnpgv1.PhaseUnknownPlugin, cluster.Status.Phase == cnpgv1.PhaseFailurePlugin:
		return starting("CloudNativePG does nothing more for the database until its backup plugin works: %s %s", cluster.Status.Phase, cluster.Status.PhaseReason)
	case cluster.Status.ReadyInstances == 0:
		return starting("no PostgreSQL instance is ready: %s %s", cluster.Status.Phase, cluster.Status.PhaseReason)
	case cluster.Status.CurrentPrimary == "" || cluster.Status.CurrentPrimary != cluster.Status.TargetPrimary:
		return starting("PostgreSQL has no primary: %s %s", cluster.Status.Phase, cluster.Status.PhaseReason)
	}
	reconciled := cluster.Status.ManagedRolesStatus.ByStatus[cnpgv1.RoleStatusReconciled]
	for _, role := range []string{binding.RoleApp, binding.RoleLane} {
		if problems := cluster.Status.ManagedRolesStatus.CannotReconcile[role]; len(problems) > 0 {
			return starting("CloudNativePG cannot make the role %s: %s", role, problems[0])
		}
		if !slices.Contains(reconciled, role) {
			return starting("CloudNativePG has not made the role %s yet", role)
		}
	}
	return component.Outcome{}
}

// ensurePassword makes a role's password once. It is never changed here.
func (s *Scope) ensurePassword(ctx context.Context, role, secret string) error {
	if s.Facts.RolePasswords[secret] != "" {
		return nil
	}
	object := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name:      secret,
			Namespace: desired.DatabaseNamespace(s.Cell.Name),
			Labels: map[string]string{
				desired.LabelManagedBy: desired.ManagedBy,
				desired.LabelCell:      s.Cell.Name,
				desired.LabelPart:      desired.PartDatabase,
				"cnpg.io/reload":       "true",
			},
		},
		Type: corev1.SecretTypeBasicAuth,
		StringData: map[string]string{
			corev1.BasicAuthUsernameKey: role,
			corev1.BasicAuthPasswordKey: rand.Text() + rand.Text(),
		},
	}
	if err := s.Applier.Client.Create(ctx, object); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("password of %s: %w", role, err)
	}
	return nil
}
