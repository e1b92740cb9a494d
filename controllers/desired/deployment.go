package desired

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// annotationInputs makes pods roll when what they read at their start changes.
const annotationInputs = "bulkhead.dev/inputs"

const (
	defaultReplicas     = 2
	gracePeriodSeconds  = 30
	tokenExpirySeconds  = 3600
	progressDeadlineSec = 300
)

// deployment runs the runtime. It does not exist before the database's
// certificate and passwords do and its migrations ran. With an autoscaler it
// leaves the number of pods to it.
func deployment(in CellInput) any {
	if !serves(in) || in.RuntimeImage == "" || !knowsDatabase(in) {
		return nil
	}
	cell := in.Cell.Name
	pods := RuntimePod(cell)
	template := corev1ac.PodTemplateSpec().WithLabels(pods).
		WithAnnotations(map[string]string{annotationInputs: inputsHash(in)}).
		WithSpec(runtimePodSpec(in))
	spec := appsv1ac.DeploymentSpec().
		WithProgressDeadlineSeconds(progressDeadlineSec).
		WithSelector(metav1ac.LabelSelector().WithMatchLabels(pods)).
		WithStrategy(appsv1ac.DeploymentStrategy().
			WithType(appsv1.RollingUpdateDeploymentStrategyType).
			WithRollingUpdate(appsv1ac.RollingUpdateDeployment().
				WithMaxUnavailable(intstr.FromInt32(0)).WithMaxSurge(intstr.FromInt32(1)))).
		WithTemplate(template)
	if in.Cell.Spec.Runtime.Autoscaling == nil {
		spec.WithReplicas(fewestPods(in))
	}
	return appsv1ac.Deployment(RuntimeDeployment, RuntimeNamespace(cell)).
		WithLabels(labels(cell, PartRuntime)).WithSpec(spec)
}

// serves reports whether the cell has runtime pods. A retired one has none.
func serves(in CellInput) bool {
	return in.Cell.Spec.Runtime != nil && !retired(in)
}

// knowsDatabase reports whether pods can reach the cell's database, if it has one.
func knowsDatabase(in CellInput) bool {
	return in.Cell.Spec.Database == nil || in.DatabaseCA != "" && in.AppPassword != "" && in.LanePassword != ""
}

// fewestPods is the number of runtime pods, the lowest one when they are scaled.
func fewestPods(in CellInput) int32 {
	return cmp.Or(in.Cell.Spec.Runtime.Replicas, defaultReplicas)
}

// mostPods is the number of runtime pods, the highest one when they are scaled.
func mostPods(in CellInput) int32 {
	if scaling := in.Cell.Spec.Runtime.Autoscaling; scaling != nil {
		return max(scaling.MaxReplicas, fewestPods(in))
	}
	return fewestPods(in)
}

func runtimePodSpec(in CellInput) *corev1ac.PodSpecApplyConfiguration {
	size := in.Cell.Spec.Runtime
	pod := restricted(corev1ac.PodSpec()).
		WithServiceAccountName(RuntimeServiceAccount).
		WithTerminationGracePeriodSeconds(gracePeriodSeconds).
		WithContainers(runtimeContainer(in)).
		WithTopologySpreadConstraints(corev1ac.TopologySpreadConstraint().
			WithMaxSkew(1).WithTopologyKey("kubernetes.io/hostname").WithWhenUnsatisfiable("ScheduleAnyway").
			WithLabelSelector(metav1ac.LabelSelector().WithMatchLabels(RuntimePod(in.Cell.Name)))).
		WithNodeSelector(size.NodeSelector).
		WithTolerations(tolerations(size.Tolerations)...).
		WithVolumes(runtimeVolumes(in)...)
	if size.RuntimeClassName != "" {
		pod.WithRuntimeClassName(size.RuntimeClassName)
	}
	return pod
}

func tolerations(wanted []corev1.Toleration) []*corev1ac.TolerationApplyConfiguration {
	var out []*corev1ac.TolerationApplyConfiguration
	for _, t := range wanted {
		out = append(out, &corev1ac.TolerationApplyConfiguration{
			Key: optional(t.Key), Operator: optional(t.Operator), Value: optional(t.Value),
			Effect: optional(t.Effect), TolerationSeconds: t.TolerationSeconds,
		})
	}
	return out
}

// optional leaves an empty value out.
func optional[T ~string](value T) *T {
	if value == "" {
		return nil
	}
	return &value
}

func runtimeVolumes(in CellInput) []*corev1ac.VolumeApplyConfiguration {
	var volumes []*corev1ac.VolumeApplyConfiguration
	if in.Cell.Spec.Database != nil {
		volumes = append(volumes, secretVolume("database", nameDatabase), configMapVolume("database-ca", nameDatabaseCA))
	}
	return append(volumes,
		configMapVolume("vault-ca", nameVaultCA),
		corev1ac.Volume().WithName("vault-token").WithProjected(corev1ac.ProjectedVolumeSource().WithDefaultMode(0o440).
			WithSources(corev1ac.VolumeProjection().WithServiceAccountToken(corev1ac.ServiceAccountTokenProjection().
				WithAudience(in.Config.Vault.Audience).WithExpirationSeconds(tokenExpirySeconds).WithPath(binding.FileVaultToken)))),
		corev1ac.Volume().WithName("tls").WithSecret(corev1ac.SecretVolumeSource().
			WithSecretName(nameTLS).WithDefaultMode(0o440).WithOptional(true)),
	)
}

func runtimeContainer(in CellInput) *corev1ac.ContainerApplyConfiguration {
	container := hardened(corev1ac.Container().WithName(nameRuntime).WithImage(in.RuntimeImage)).
		WithArgs(binding.CommandServe).
		WithPorts(port("api", binding.PortAPI), port("ops", binding.PortOps)).
		WithEnv(
			envField(binding.EnvNamespace, "metadata.namespace"),
			envField(binding.EnvPodName, "metadata.name"),
			envField(binding.EnvPodUID, "metadata.uid"),
			envMemoryLimit(),
		)
	if in.Cell.Spec.TenantID != "" { // there is nobody to share with
		container.WithArgs(fmt.Sprintf("--%s=100", binding.FlagIndexTenantPercent))
	}
	if in.Cell.Spec.Database != nil {
		container.
			WithEnv(env(binding.EnvDatabaseHost, DatabaseHost(in.Cell.Name))).
			WithVolumeMounts(mount("database", binding.DirDatabase), mount("database-ca", binding.DirDatabaseCA))
	}
	return container.
		WithEnv(
			env(binding.EnvVaultAddress, in.Config.Vault.Address),
			env(binding.EnvVaultAuth, in.Config.Vault.AuthMount),
		).
		WithVolumeMounts(
			mount("vault-ca", binding.DirVaultCA),
			mount("vault-token", binding.DirVaultToken),
			mount("tls", binding.DirTLS),
		).
		WithReadinessProbe(httpProbe("/readyz").WithPeriodSeconds(2).WithFailureThreshold(2)).
		WithLivenessProbe(httpProbe("/healthz").WithPeriodSeconds(10).WithFailureThreshold(6)).
		WithResources(applied(sized(in.Cell.Spec.Runtime.Resources, runtimeResources())))
}

func port(name string, number int32) *corev1ac.ContainerPortApplyConfiguration {
	return corev1ac.ContainerPort().WithName(name).WithContainerPort(number).WithProtocol("TCP")
}

func httpProbe(path string) *corev1ac.ProbeApplyConfiguration {
	return corev1ac.Probe().WithTimeoutSeconds(3).
		WithHTTPGet(corev1ac.HTTPGetAction().WithPath(path).WithPort(intstr.FromInt32(binding.PortOps)).WithScheme("HTTP"))
}

// inputsHash is of what pods read at their start only. Of a TLS certificate that
// is whether there is one: its renewal they follow by themselves.
func inputsHash(in CellInput) string {
	parts := []string{in.DatabaseCA, in.AppPassword, in.LanePassword, in.Config.Vault.CABundle}
	if in.TLS {
		parts = append(parts, nameTLS)
	}
	h := sha256.New()
	for _, part := range parts {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
