package desired

import (
	"crypto/sha256"
	"encoding/hex"

	appsv1 "k8s.io/api/apps/v1"
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
// certificate and passwords do and its migrations ran.
func deployment(in CellInput) any {
	if in.Cell.Spec.Runtime == nil || in.RuntimeImage == "" || in.DatabaseCA == "" || in.AppPassword == "" || in.LanePassword == "" {
		return nil
	}
	cell := in.Cell.Name
	pods := RuntimePod(cell)
	template := corev1ac.PodTemplateSpec().WithLabels(pods).
		WithAnnotations(map[string]string{annotationInputs: inputsHash(in)}).
		WithSpec(runtimePodSpec(in))
	return appsv1ac.Deployment(RuntimeDeployment, RuntimeNamespace(cell)).
		WithLabels(labels(cell, PartRuntime)).
		WithSpec(appsv1ac.DeploymentSpec().
			WithReplicas(Replicas(in)).
			WithProgressDeadlineSeconds(progressDeadlineSec).
			WithSelector(metav1ac.LabelSelector().WithMatchLabels(pods)).
			WithStrategy(appsv1ac.DeploymentStrategy().
				WithType(appsv1.RollingUpdateDeploymentStrategyType).
				WithRollingUpdate(appsv1ac.RollingUpdateDeployment().
					WithMaxUnavailable(intstr.FromInt32(0)).WithMaxSurge(intstr.FromInt32(1)))).
			WithTemplate(template))
}

// Replicas is the number of runtime pods of a cell.
func Replicas(in CellInput) int32 {
	if in.Cell.Spec.Runtime.Replicas == 0 {
		return defaultReplicas
	}
	return in.Cell.Spec.Runtime.Replicas
}

func runtimePodSpec(in CellInput) *corev1ac.PodSpecApplyConfiguration {
	return restricted(corev1ac.PodSpec()).
		WithServiceAccountName(RuntimeServiceAccount).
		WithTerminationGracePeriodSeconds(gracePeriodSeconds).
		WithContainers(runtimeContainer(in)).
		WithTopologySpreadConstraints(corev1ac.TopologySpreadConstraint().
			WithMaxSkew(1).WithTopologyKey("kubernetes.io/hostname").WithWhenUnsatisfiable("ScheduleAnyway").
			WithLabelSelector(metav1ac.LabelSelector().WithMatchLabels(RuntimePod(in.Cell.Name)))).
		WithVolumes(
			secretVolume("database", nameDatabase),
			configMapVolume("database-ca", nameDatabaseCA),
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
			env(binding.EnvDatabaseHost, DatabaseHost(in.Cell.Name)),
			env(binding.EnvVaultAddress, in.Config.Vault.Address),
			env(binding.EnvVaultAuth, in.Config.Vault.AuthMount),
		).
		WithVolumeMounts(
			mount("database", binding.DirDatabase),
			mount("database-ca", binding.DirDatabaseCA),
			mount("vault-ca", binding.DirVaultCA),
			mount("vault-token", binding.DirVaultToken),
			mount("tls", binding.DirTLS),
		).
		WithReadinessProbe(httpProbe("/readyz").WithPeriodSeconds(2).WithFailureThreshold(2)).
		WithLivenessProbe(httpProbe("/healthz").WithPeriodSeconds(10).WithFailureThreshold(6)).
		WithResources(requests("50m", "128Mi", "1Gi"))
	if custom := in.Cell.Spec.Runtime.Resources; custom != nil {
		container.WithResources(corev1ac.ResourceRequirements().WithRequests(custom.Requests).WithLimits(custom.Limits))
	}
	return container
}

func port(name string, number int32) *corev1ac.ContainerPortApplyConfiguration {
	return corev1ac.ContainerPort().WithName(name).WithContainerPort(number).WithProtocol("TCP")
}

func httpProbe(path string) *corev1ac.ProbeApplyConfiguration {
	return corev1ac.Probe().WithTimeoutSeconds(3).
		WithHTTPGet(corev1ac.HTTPGetAction().WithPath(path).WithPort(intstr.FromInt32(binding.PortOps)).WithScheme("HTTP"))
}

func inputsHash(in CellInput) string {
	h := sha256.New()
	for _, part := range []string{in.DatabaseCA, in.AppPassword, in.LanePassword, in.Config.Vault.CABundle} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
