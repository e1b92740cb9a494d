package isolation

import (
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

const (
	// annotationUntil says until when what a test made is in use. It is an
	// annotation since every label more would make a pod another one to policies.
	annotationUntil = "bulkhead.dev/isolation-test-until"
	// neverReady is a condition that nobody ever sets.
	neverReady = "bulkhead.dev/is-a-probe"

	probeContainer = "probe"
	// foreignPort is where foreign pods listen, for each other and for tenants'.
	foreignPort = 8080
)

// insidePod is a probe among a cell's runtime pods: their labels, their
// ServiceAccount, their token for Vault, and none of their other secrets. An
// ephemeral container in one of them would need no labels, but could never be
// taken out of a pod that serves tenants again.
func insidePod(d *appsv1.Deployment, image string, until time.Time) (*corev1.Pod, error) {
	pod, err := probePod(d, image, until, binding.CommandProbe, binding.ProbeWait)
	if err != nil {
		return nil, err
	}
	template := d.Spec.Template.Spec
	pod.Namespace = d.Namespace
	pod.Labels = d.Spec.Template.Labels
	pod.Spec.ServiceAccountName = template.ServiceAccountName
	pod.Spec.ImagePullSecrets = template.ImagePullSecrets
	giveVault(pod, &template, template.Containers[containerIndex(d)])
	return pod, nil
}

// giveVault copies what the runtime logs in to Vault with, and nothing else.
func giveVault(pod *corev1.Pod, template *corev1.PodSpec, runtime corev1.Container) {
	container := &pod.Spec.Containers[0]
	for _, m := range runtime.VolumeMounts {
		if m.MountPath != binding.DirVaultToken && m.MountPath != binding.DirVaultCA {
			continue
		}
		container.VolumeMounts = append(container.VolumeMounts, m)
		i := slices.IndexFunc(template.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name })
		pod.Spec.Volumes = append(pod.Spec.Volumes, template.Volumes[i])
	}
	for _, e := range runtime.Env {
		if e.Name == binding.EnvVaultAddress || e.Name == binding.EnvVaultAuth {
			container.Env = append(container.Env, e)
		}
	}
}

// foreignPod is a probe in a foreign namespace, with whatever labels.
func foreignPod(d *appsv1.Deployment, image string, until time.Time, namespace string, labels map[string]string) (*corev1.Pod, error) {
	pod, err := probePod(d, image, until, binding.CommandProbe, binding.ProbeWait, fmt.Sprintf("--listen=:%d", foreignPort))
	if err != nil {
		return nil, err
	}
	pod.Namespace, pod.Labels = namespace, labels
	return pod, nil
}

// probePod runs the image that the cell's runtime runs, on the same nodes.
//
// It is never Ready, whatever its labels: a Service that selects it sends it no
// request of a tenant, and the operator waits for no acknowledgement of it. (A
// PodDisruptionBudget that selects it says in an event that nobody manages it.)
func probePod(d *appsv1.Deployment, image string, until time.Time, args ...string) (*corev1.Pod, error) {
	i := containerIndex(d)
	if i < 0 {
		return nil, fmt.Errorf("the Deployment %s/%s has no container %q", d.Namespace, d.Name, desired.RuntimeDeployment)
	}
	template := d.Spec.Template.Spec
	if image == "" {
		image = template.Containers[i].Image
	}
	return &corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{
			GenerateName: "isolation-probe-",
			Annotations:  map[string]string{annotationUntil: until.UTC().Format(time.RFC3339)},
		},
		Spec: corev1.PodSpec{
			ReadinessGates:                []corev1.PodReadinessGate{{ConditionType: neverReady}},
			RestartPolicy:                 corev1.RestartPolicyNever,
			ActiveDeadlineSeconds:         ptr.To(max(1, int64(time.Until(until).Seconds()))),
			TerminationGracePeriodSeconds: ptr.To[int64](0),
			AutomountServiceAccountToken:  ptr.To(false),
			EnableServiceLinks:            ptr.To(false),
			SecurityContext:               template.SecurityContext,
			NodeSelector:                  template.NodeSelector,
			Affinity:                      template.Affinity,
			Tolerations:                   template.Tolerations,
			RuntimeClassName:              template.RuntimeClassName,
			DNSPolicy:                     template.DNSPolicy,
			DNSConfig:                     template.DNSConfig,
			Containers: []corev1.Container{{
				Name:            probeContainer,
				Image:           image,
				ImagePullPolicy: corev1.PullIfNotPresent,
				Args:            args,
				SecurityContext: template.Containers[i].SecurityContext,
				Resources: corev1.ResourceRequirements{
					Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("32Mi")},
					Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("128Mi")},
				},
			}},
		},
	}, nil
}

func containerIndex(d *appsv1.Deployment) int {
	return slices.IndexFunc(d.Spec.Template.Spec.Containers, func(c corev1.Container) bool { return c.Name == desired.RuntimeDeployment })
}

// foreignNamespace has a name of no cell: those begin with "bulkhead-".
func foreignNamespace(until time.Time) *corev1.Namespace {
	return &corev1.Namespace{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{
			GenerateName: "isolation-test-",
			Labels:       map[string]string{desired.LabelManagedBy: madeByUs},
			Annotations:  map[string]string{annotationUntil: until.UTC().Format(time.RFC3339)},
		},
	}
}

// madeByUs is the value of the label of foreign namespaces.
const madeByUs = "kubectl-bulkhead"
