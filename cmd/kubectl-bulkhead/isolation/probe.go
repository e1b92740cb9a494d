package isolation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/matrix"
)

const (
	poll = 500 * time.Millisecond
	// startLimit is how long the probes may take to run, images included.
	startLimit = 2 * time.Minute
)

// probe is a running pod to try things from.
type probe struct {
	vantage matrix.Vantage
	pod     *corev1.Pod
}

// startProbes makes the foreign namespace and all pods, and waits until they run.
func (t *test) startProbes(ctx context.Context, s *survey) (err error) {
	t.foreign = foreignNamespace(t.until)
	if err := t.client.Create(ctx, t.foreign); err != nil {
		return err
	}
	t.say("made the namespace %s", t.foreign.Name)
	if t.probes, err = t.planProbes(s); err != nil {
		return err
	}
	for _, p := range t.probes {
		if err := t.create(ctx, p.pod); err != nil {
			return fmt.Errorf("a probe as %s: %w", p.vantage, err)
		}
	}
	t.say("waiting for %d probe pods", len(t.probes))
	for _, p := range t.probes {
		if err := t.running(ctx, p.pod); err != nil {
			return fmt.Errorf("the probe %s/%s does not run: %w", p.pod.Namespace, p.pod.Name, err)
		}
		p.vantage.Node = p.pod.Spec.NodeName
	}
	return nil
}

// planProbes puts one probe into every runtime, and into the foreign namespace
// one without labels and one with those of each runtime.
func (t *test) planProbes(s *survey) ([]*probe, error) {
	var probes []*probe
	var errs []error
	add := func(v matrix.Vantage, pod *corev1.Pod, err error) {
		probes = append(probes, &probe{vantage: v, pod: pod})
		errs = append(errs, err)
	}
	var first *appsv1.Deployment
	for _, c := range s.cells {
		if c.runtime == nil {
			continue
		}
		if first == nil {
			first = c.runtime
		}
		pod, err := insidePod(c.runtime, t.ProbeImage, t.until)
		add(matrix.Vantage{Kind: matrix.VantageRuntime, Cell: c.name, Databases: c.databases}, pod, err)
		pod, err = foreignPod(c.runtime, t.ProbeImage, t.until, t.foreign.Name, c.runtime.Spec.Template.Labels)
		add(matrix.Vantage{Kind: matrix.VantageImpostor, Cell: c.name}, pod, err)
	}
	if first == nil {
		return nil, errors.New("none of the chosen cells has a runtime, so that there is no tenant's pod to test; name one with --cell")
	}
	pod, err := foreignPod(first, t.ProbeImage, t.until, t.foreign.Name, nil)
	add(matrix.Vantage{Kind: matrix.VantageForeign}, pod, err)
	return probes, errors.Join(errs...)
}

// create waits for a new namespace to have its ServiceAccount, without which it
// takes no pod.
func (t *test) create(ctx context.Context, pod *corev1.Pod) error {
	return wait.PollUntilContextTimeout(ctx, poll, startLimit, true, func(ctx context.Context) (bool, error) {
		err := t.client.Create(ctx, pod)
		if apierrors.IsForbidden(err) && strings.Contains(err.Error(), "looking up service account") {
			return false, nil
		}
		return err == nil, err
	})
}

// running waits for a pod, and says what keeps it from running when it does not.
func (t *test) running(ctx context.Context, pod *corev1.Pod) error {
	state := "it was not looked at yet"
	err := wait.PollUntilContextTimeout(ctx, poll, startLimit, true, func(ctx context.Context) (bool, error) {
		if err := t.client.Get(ctx, client.ObjectKeyFromObject(pod), pod); err != nil {
			return false, err
		}
		state = stateOf(pod)
		switch pod.Status.Phase {
		case corev1.PodFailed, corev1.PodSucceeded:
			return false, errors.New(state)
		case corev1.PodRunning:
			return pod.Status.PodIP != "", nil
		}
		return false, nil
	})
	if wait.Interrupted(err) {
		return fmt.Errorf("%w; it is %s", err, state)
	}
	return err
}

func stateOf(pod *corev1.Pod) string {
	for _, c := range pod.Status.ContainerStatuses {
		if w := c.State.Waiting; w != nil {
			return fmt.Sprintf("waiting: %s: %s; an image that has the probe can be named with --probe-image", w.Reason, w.Message)
		}
		if e := c.State.Terminated; e != nil {
			return fmt.Sprintf("ended with %d; does its image have the command \"probe\"? --probe-image names another one", e.ExitCode)
		}
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status != corev1.ConditionTrue {
			return "not scheduled: " + c.Message
		}
	}
	return string(pod.Status.Phase) + " " + pod.Status.Reason
}
