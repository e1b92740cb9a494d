package isolation

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/matrix"
	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/report"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// hijack is an attempt to change a label of a namespace that is the operator's.
// A nil value removes it.
type hijack struct {
	what  string
	via   string // a subresource, or viaCreate
	label string
	value any
}

const (
	viaStatus   = "status"
	viaFinalize = "finalize"
	viaCreate   = "create"

	harmless = "isolation-test/harmless"
)

// hijacks of a namespace that is a cell's.
var hijacks = []hijack{
	{"to give it to another cell", "", desired.LabelCell, "another"},
	{"to take it from its cell", "", desired.LabelCell, nil},
	{"to take it from its cell by the status", viaStatus, desired.LabelCell, nil},
	{"to take it from its cell by finalize", viaFinalize, desired.LabelCell, nil},
	{"to weaken Pod Security", "", labelEnforce, "privileged"},
	{"to remove Pod Security", "", labelEnforce, nil},
	{"to remove Pod Security by the status", viaStatus, labelEnforce, nil},
	{"to remove Pod Security by finalize", viaFinalize, labelEnforce, nil},
}

// namespaceLabels tries, without changing anything, to move a cell's namespaces
// out of it: whoever could, would move the walls. The admission policy refuses
// even an administrator, so that the caller's own rights serve to try it.
func (t *test) namespaceLabels(ctx context.Context, _ *survey, c *cell) ([]report.Check, error) {
	var checks []report.Check
	for _, namespace := range c.namespaces() {
		check, err := t.hijack(ctx, namespace, hijacks)
		if err != nil {
			return nil, err
		}
		checks = append(checks, check)
	}
	return checks, nil
}

// foreignLabels tries to move a foreign namespace into a cell.
func (t *test) foreignLabels(ctx context.Context, s *survey) ([]report.Check, error) {
	cell := s.cells[0].name
	check, err := t.hijack(ctx, t.foreign.Name, []hijack{
		{"to pose as a cell's", "", desired.LabelCell, cell},
		{"to be made as a cell's", viaCreate, desired.LabelCell, cell},
	})
	return []report.Check{check}, err
}

// hijack makes attempts at one namespace. That a harmless label may be set shows
// that it is the label, and not the lack of a right, that the others fail for.
func (t *test) hijack(ctx context.Context, namespace string, attempts []hijack) (report.Check, error) {
	check := report.Check{
		Subject: namespace, Claim: "its labels are the operator's alone", Verdict: matrix.Pass,
		Observed: fmt.Sprintf("%d attempts to change them are refused", len(attempts)),
		Advice:   "apply config/admission, and look whether the policy bulkhead-namespace-labels and its binding are there",
	}
	if err := t.relabel(ctx, namespace, hijack{label: harmless, value: "yes"}); err != nil {
		return check, fmt.Errorf("set a label of no meaning on the namespace %s (dry run): %w", namespace, err)
	}
	var succeeded []string
	for _, attempt := range attempts {
		err := t.relabel(ctx, namespace, attempt)
		switch {
		case err == nil:
			succeeded = append(succeeded, attempt.what)
		case !apierrors.IsForbidden(err):
			return check, fmt.Errorf("try %s, namespace %s (dry run): %w", attempt.what, namespace, err)
		}
	}
	if len(succeeded) > 0 {
		check.Verdict, check.Observed = matrix.Fail, "you would be allowed "+strings.Join(succeeded, ", ")
	}
	return check, nil
}

// relabel is a dry run, always.
func (t *test) relabel(ctx context.Context, namespace string, h hijack) error {
	object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	change, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": map[string]any{h.label: h.value}}})
	if err != nil {
		return err
	}
	patch := client.RawPatch(types.MergePatchType, change)
	switch h.via {
	case viaStatus:
		return t.client.Status().Patch(ctx, object, patch, client.DryRunAll)
	case viaFinalize:
		return t.finalize(ctx, object, h.label)
	case viaCreate:
		made := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: namespace, Labels: map[string]string{h.label: fmt.Sprint(h.value)}}}
		return t.client.Create(ctx, made, client.DryRunAll)
	}
	return t.client.Patch(ctx, object, patch, client.DryRunAll)
}

// finalize removes a label by a subresource that can only be replaced.
func (t *test) finalize(ctx context.Context, object *corev1.Namespace, label string) error {
	if err := t.client.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
		return err
	}
	delete(object.Labels, label)
	return t.client.SubResource(viaFinalize).Update(ctx, object, client.DryRunAll)
}
