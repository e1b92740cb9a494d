//go:build e2e

package e2e

import (
	"fmt"
	"strings"

	"github.com/onsi/gomega/gcustom"
	"github.com/onsi/gomega/types"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// haveCondition matches a Tenant, a Cell or a Plan; when it does not, it shows all conditions.
func haveCondition(kind string, status metav1.ConditionStatus, reason string) types.GomegaMatcher {
	return gcustom.MakeMatcher(func(object client.Object) (bool, error) {
		found := meta.FindStatusCondition(conditionsOf(object), kind)
		return found != nil && found.Status == status && found.Reason == reason &&
			found.ObservedGeneration == object.GetGeneration(), nil
	}).WithTemplate("Expected\n{{.Data.Describe .Actual}}\n{{.To}} have {{.Data.Want}}", describer{
		Want: fmt.Sprintf("%s=%s, %s, of its generation", kind, status, reason),
	})
}

func beReady() types.GomegaMatcher {
	return haveCondition(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
}

type describer struct{ Want string }

func (describer) Describe(object client.Object) string { return describe(object) }

// describe says what an operator's answer to an object is so far.
func describe(object client.Object) string {
	text := []string{fmt.Sprintf("%s, generation %d, deleted %v", object.GetName(), object.GetGeneration(), object.GetDeletionTimestamp())}
	for _, c := range conditionsOf(object) {
		text = append(text, fmt.Sprintf("  %s=%s %s: %s", c.Type, c.Status, c.Reason, c.Message))
	}
	return strings.Join(text, "\n")
}

func conditionsOf(object client.Object) []metav1.Condition {
	switch o := object.(type) {
	case *v1alpha1.Tenant:
		return o.Status.Conditions
	case *v1alpha1.Cell:
		return o.Status.Conditions
	case *v1alpha1.Plan:
		return o.Status.Conditions
	}
	return nil
}
