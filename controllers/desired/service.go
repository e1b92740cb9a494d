package desired

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// portService is the port of the tenants' API at the Service.
const portService = 80

// service exposes the tenants' API and nothing of the ops port.
func service(in CellInput) any {
	if !serves(in) {
		return nil
	}
	return corev1ac.Service(nameRuntime, RuntimeNamespace(in.Cell.Name)).
		WithLabels(labels(in.Cell.Name, PartRuntime)).
		WithSpec(corev1ac.ServiceSpec().
			WithType(corev1.ServiceTypeClusterIP).
			WithSelector(RuntimePod(in.Cell.Name)).
			WithPorts(corev1ac.ServicePort().WithName("http").WithProtocol(corev1.ProtocolTCP).
				WithPort(portService).WithTargetPort(intstr.FromInt32(binding.PortAPI))))
}
