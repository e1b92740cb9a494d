package controllers

import (
	"context"

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
	kinds := []struct {
		reader client.Reader
		list   client.ObjectList
	}{
		{s.Facts.Runtime, &policyv1.PodDisruptionBudgetList{}},
		{s.Facts.Runtime, &networkingv1.NetworkPolicyList{}},
		{s.Facts.Runtime, &corev1.ServiceList{}},
		{s.Facts.Database, &networkingv1.NetworkPolicyList{}},
		{s.Facts.Database, &batchv1.JobList{}},
	}
	for _, kind := range kinds {
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
		if _, err := s.Applier.Prune(ctx, live, s.Set.All()); err != nil {
			return err
		}
	}
	return nil
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
