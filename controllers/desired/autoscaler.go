package desired

import (
	"cmp"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	autoscalingv2ac "k8s.io/client-go/applyconfigurations/autoscaling/v2"
)

// defaultTargetPercent of the requested CPU, as the API's documentation promises.
const defaultTargetPercent = 80

// autoscaler adds runtime pods while they are busy.
func autoscaler(in CellInput) any {
	if !serves(in) || in.Cell.Spec.Runtime.Autoscaling == nil {
		return nil
	}
	target := cmp.Or(in.Cell.Spec.Runtime.Autoscaling.TargetCPUPercent, defaultTargetPercent)
	return autoscalingv2ac.HorizontalPodAutoscaler(nameRuntime, RuntimeNamespace(in.Cell.Name)).
		WithLabels(labels(in.Cell.Name, PartRuntime)).
		WithSpec(autoscalingv2ac.HorizontalPodAutoscalerSpec().
			WithScaleTargetRef(autoscalingv2ac.CrossVersionObjectReference().
				WithAPIVersion(appsv1.SchemeGroupVersion.String()).WithKind("Deployment").WithName(RuntimeDeployment)).
			WithMinReplicas(fewestPods(in)).WithMaxReplicas(mostPods(in)).
			WithMetrics(autoscalingv2ac.MetricSpec().
				WithType(autoscalingv2.ResourceMetricSourceType).
				WithResource(autoscalingv2ac.ResourceMetricSource().WithName(corev1.ResourceCPU).
					WithTarget(autoscalingv2ac.MetricTarget().
						WithType(autoscalingv2.UtilizationMetricType).WithAverageUtilization(target)))))
}
