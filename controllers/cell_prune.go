package controllers

import (
	"context"
	"slices"

	cnpgv1 "github.com/cloudnative-pg/cloudnative-pg/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/controllers/component/cell"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// prune deletes what a former version or spec of the cell made and this one
// does not want. Nothing that holds data or grants access to it is among the
// kinds; a NetworkPolicy goes only when its namespace's default deny stays.
func (r *CellReconciler) prune(ctx context.Context, s *cell.Scope) error {
	for _, kind := range prunedKinds(s) {
		if kind.reader == nil {
			continue
		}
		if err := kind.reader.List(ctx, kind.list, client.MatchingLabels{desired.LabelManagedBy: desired.ManagedBy}); err != nil {
			return err
		}
		live, err := objects(kind.list)
		if err != nil {
			return err
		}
		live = slices.DeleteFunc(live, func(object client.Object) bool { return !desired.Prunable(kind.name, object.GetName()) })
		if _, err := s.Applier.Prune(ctx, live, s.Set.All()); err != nil {
			return err
		}
	}
	return nil
}

type prunedKind struct {
	name   string
	reader client.Reader
	list   client.ObjectList
}

func prunedKinds(s *cell.Scope) []prunedKind {
	kinds := []prunedKind{
		{"PodDisruptionBudget", s.Facts.Runtime, &policyv1.PodDisruptionBudgetList{}},
		{"HorizontalPodAutoscaler", s.Facts.Runtime, &autoscalingv2.HorizontalPodAutoscalerList{}},
		{"NetworkPolicy", s.Facts.Runtime, &networkingv1.NetworkPolicyList{}},
		{"Service", s.Facts.Runtime, &corev1.ServiceList{}},
		{"NetworkPolicy", s.Facts.Database, &networkingv1.NetworkPolicyList{}},
		{"Job", s.Facts.Database, &batchv1.JobList{}},
	}
	if s.Facts.HasDatabaseOperator {
		kinds = append(kinds, prunedKind{"ScheduledBackup", s.Facts.Database, &cnpgv1.ScheduledBackupList{}})
	}
	// A Deployment that cannot be built at the moment is still wanted.
	if s.Cell.Spec.IsRetired() {
		kinds = append(kinds, prunedKind{"Deployment", s.Facts.Runtime, &appsv1.DeploymentList{}})
	}
	return kinds
}

func objects(list client.ObjectList) ([]client.Object, error) {
	items, err := meta.ExtractList(list)
	if err != nil {
		return nil, err
	}
	var out []client.Object
	for _, item := range items {
		if object, ok := item.(client.Object); ok {
			out = append(out, object)
		}
	}
	return out, nil
}
