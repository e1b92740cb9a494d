package isolation

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// runtimeDeployment is what the operator makes.
func runtimeDeployment(t *testing.T) *appsv1.Deployment {
	t.Helper()
	golden, err := os.ReadFile("../../../controllers/desired/testdata/cell-large.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range bytes.Split(golden, []byte("---\n")) {
		var d appsv1.Deployment
		if err := yaml.Unmarshal(document, &d); err == nil && d.Kind == "Deployment" {
			return &d
		}
	}
	t.Fatal("a cell has no Deployment any more")
	return nil
}

func TestInsidePod(t *testing.T) {
	d := runtimeDeployment(t)
	pod, err := insidePod(d, "", time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d.Spec.Template.Labels, pod.Labels); diff != "" {
		t.Errorf("its labels are not those of a runtime pod (-):\n%s", diff)
	}
	if pod.Spec.ServiceAccountName != desired.RuntimeServiceAccount || pod.Namespace != d.Namespace {
		t.Errorf("it is %s in %s", pod.Spec.ServiceAccountName, pod.Namespace)
	}
	var mounted []string
	for _, m := range pod.Spec.Containers[0].VolumeMounts {
		mounted = append(mounted, m.MountPath)
	}
	if diff := cmp.Diff([]string{binding.DirVaultCA, binding.DirVaultToken}, mounted); diff != "" {
		t.Errorf("it mounts not what it needs (-):\n%s", diff)
	}
	for _, v := range pod.Spec.Volumes {
		if v.Secret != nil {
			t.Errorf("it has the Secret %s", v.Secret.SecretName)
		}
	}
	expectHarmless(t, d, pod)
}

func TestForeignPod(t *testing.T) {
	d := runtimeDeployment(t)
	pod, err := foreignPod(d, "", time.Now().Add(time.Minute), "elsewhere", d.Spec.Template.Labels)
	if err != nil {
		t.Fatal(err)
	}
	if pod.Namespace != "elsewhere" || pod.Spec.ServiceAccountName != "" || len(pod.Spec.Volumes) > 0 || len(pod.Spec.ImagePullSecrets) > 0 {
		t.Errorf("it has something of the cell's: %+v", pod)
	}
	expectHarmless(t, d, pod)
}

// expectHarmless: no request is sent to it, it ends by itself, and it is held as
// strictly as the runtime.
func expectHarmless(t *testing.T, d *appsv1.Deployment, pod *corev1.Pod) {
	t.Helper()
	runtime, probe := d.Spec.Template.Spec.Containers[0], pod.Spec.Containers[0]
	if len(pod.Spec.ReadinessGates) == 0 {
		t.Error("it could become Ready, and get requests of tenants")
	}
	if s := pod.Spec.ActiveDeadlineSeconds; s == nil || *s < 1 || *s > 60 {
		t.Errorf("it lives for %v seconds", s)
	}
	if probe.Image != runtime.Image {
		t.Errorf("it runs %s, the runtime %s", probe.Image, runtime.Image)
	}
	if diff := cmp.Diff(runtime.SecurityContext, probe.SecurityContext); diff != "" {
		t.Errorf("the container is held otherwise than the runtime (-):\n%s", diff)
	}
	if diff := cmp.Diff(d.Spec.Template.Spec.SecurityContext, pod.Spec.SecurityContext); diff != "" {
		t.Errorf("it is held otherwise than the runtime (-):\n%s", diff)
	}
	if mounts := pod.Spec.AutomountServiceAccountToken; mounts == nil || *mounts {
		t.Error("it has a token for the Kubernetes API")
	}
}

func TestProbeImage(t *testing.T) {
	d := runtimeDeployment(t)
	pod, err := insidePod(d, "mirror/runtime@sha256:0", time.Now())
	if err != nil || pod.Spec.Containers[0].Image != "mirror/runtime@sha256:0" {
		t.Errorf("--probe-image is not used: %v, %v", pod, err)
	}
	d.Spec.Template.Spec.Containers[0].Name = "other"
	if _, err := insidePod(d, "", time.Now()); err == nil {
		t.Error("a Deployment that is not a runtime was taken for one")
	}
}
