package desired

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"k8s.io/utils/ptr"
)

// TestPods is the checklist of every pod that the operator makes, over cells of
// every size.
func TestPods(t *testing.T) {
	standard, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for name, change := range sizes {
		t.Run(name, func(t *testing.T) {
			in := input(change)
			seen := 0
			for _, object := range built(t, in).All() {
				template := podTemplate(t, object)
				if template == nil {
					continue
				}
				seen++
				pod := podCheck{t, object.GetKind() + " " + object.GetName(), in, &template.Spec}
				for _, result := range standard.EvaluatePod(restricted, &template.ObjectMeta, &template.Spec) {
					if !result.Allowed {
						t.Errorf("%s: %s: %s", pod.name, result.ForbiddenReason, result.ForbiddenDetail)
					}
				}
				pod.identity()
				pod.volumes()
				for i := range template.Spec.Containers {
					pod.container(&template.Spec.Containers[i])
				}
			}
			if seen != 2 {
				t.Errorf("the cell has %d pod templates, not the runtime's and the migration's", seen)
			}
		})
	}
}

func podTemplate(t *testing.T, object *unstructured.Unstructured) *corev1.PodTemplateSpec {
	t.Helper()
	switch object.GetKind() {
	case "Deployment":
		return &as[appsv1.Deployment](t, object).Spec.Template
	case "Job":
		return &as[batchv1.Job](t, object).Spec.Template
	}
	return nil
}

type podCheck struct {
	t    *testing.T
	name string
	in   CellInput
	pod  *corev1.PodSpec
}

// identity: a token is mounted only for the ServiceAccount that has rights, and
// no pod learns of Services by its environment.
func (c podCheck) identity() {
	if c.pod.ServiceAccountName != RuntimeServiceAccount && ptr.Deref(c.pod.AutomountServiceAccountToken, true) {
		c.t.Errorf("%s: mounts a token that it does not need", c.name)
	}
	if ptr.Deref(c.pod.EnableServiceLinks, true) {
		c.t.Errorf("%s: has the Services of its namespace in its environment", c.name)
	}
	if c.pod.HostNetwork || c.pod.HostPID || c.pod.HostIPC || len(c.pod.InitContainers)+len(c.pod.EphemeralContainers) > 0 {
		c.t.Errorf("%s: shares the host, or has containers that this test does not look at", c.name)
	}
}

// volumes are read-only, and secret ones are not for everybody in the pod.
func (c podCheck) volumes() {
	for _, v := range c.pod.Volumes {
		switch {
		case v.Secret != nil && ptr.Deref(v.Secret.DefaultMode, 0o644)&0o007 == 0:
		case v.Projected != nil && ptr.Deref(v.Projected.DefaultMode, 0o644)&0o007 == 0:
		case v.ConfigMap != nil:
		default:
			c.t.Errorf("%s: volume %s is of another kind, or readable for everybody", c.name, v.Name)
		}
	}
}

func (c podCheck) container(container *corev1.Container) {
	if container.Image != c.in.Config.Images.Runtime || !strings.Contains(container.Image, "@sha256:") {
		c.t.Errorf("%s: the image %s is not the configured one, or not by digest", c.name, container.Image)
	}
	if !ptr.Deref(container.SecurityContext.ReadOnlyRootFilesystem, false) {
		c.t.Errorf("%s: can write to its image", c.name)
	}
	requests, limits := container.Resources.Requests, container.Resources.Limits
	if requests.Cpu().IsZero() || requests.Memory().IsZero() || limits.Memory().IsZero() {
		c.t.Errorf("%s: asks for %v, at most %v", c.name, requests, limits)
	}
	for _, mount := range container.VolumeMounts {
		if !mount.ReadOnly {
			c.t.Errorf("%s: can write to %s", c.name, mount.MountPath)
		}
	}
	for _, e := range container.Env {
		if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
			c.t.Errorf("%s: has a secret in its environment", c.name)
		}
	}
}
