package isolation

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/matrix"
	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/report"
)

const labelEnforce = "pod-security.kubernetes.io/enforce"

// podSecurity checks the label, and that it has an effect: the probes run under
// it, a privileged pod must not.
func (t *test) podSecurity(ctx context.Context, _ *survey, c *cell) ([]report.Check, error) {
	var checks []report.Check
	for _, namespace := range c.namespaces() {
		var live corev1.Namespace
		if err := t.client.Get(ctx, client.ObjectKey{Name: namespace}, &live); err != nil {
			return nil, err
		}
		err := t.client.Create(ctx, privilegedPod(namespace), client.DryRunAll)
		if err != nil && !apierrors.IsForbidden(err) {
			return nil, err
		}
		checks = append(checks, judgePodSecurity(namespace, live.Labels[labelEnforce], err))
	}
	return checks, nil
}

// judgePodSecurity looks for the admission's own words: something else may have
// refused the pod.
func judgePodSecurity(namespace, enforced string, refusal error) report.Check {
	check := report.Check{
		Subject: namespace, Claim: "pods are held to the restricted Pod Security Standard",
		Verdict: matrix.Fail,
		Advice: fmt.Sprintf("only the operator may set %s there, and it sets restricted; does it run, and is the admission plugin PodSecurity on "+
			"without an exemption for you?", labelEnforce),
	}
	switch {
	case enforced != "restricted":
		check.Observed = fmt.Sprintf("%s is %q", labelEnforce, enforced)
	case refusal == nil:
		check.Observed = "a privileged pod would be let in"
	case !strings.Contains(refusal.Error(), "violates PodSecurity"):
		check.Observed = "a privileged pod is refused, but not by Pod Security: " + refusal.Error()
	default:
		check.Verdict, check.Observed = matrix.Pass, "a privileged pod is refused"
	}
	return check
}

// privilegedPod could take over its node. It is never made.
func privilegedPod(namespace string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: "isolation-privileged-"},
		Spec: corev1.PodSpec{
			HostPID: true,
			Containers: []corev1.Container{{
				Name: "none", Image: "none",
				SecurityContext: &corev1.SecurityContext{Privileged: ptr.To(true), RunAsUser: ptr.To[int64](0)},
			}},
		},
	}
}
