package desired

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// demand is the most that a namespace's pods may ask for at one time.
type demand struct {
	pods                     int64
	cpu, memory, memoryLimit resource.Quantity
}

// add counts pods of one container each.
func (d *demand) add(pods int64, container corev1.ResourceRequirements) {
	d.pods += pods
	d.ask(pods, container)
}

// ask counts containers in pods that are counted already.
func (d *demand) ask(containers int64, c corev1.ResourceRequirements) {
	d.cpu.Add(times(containers, c.Requests.Cpu()))
	d.memory.Add(times(containers, c.Requests.Memory()))
	d.memoryLimit.Add(times(containers, c.Limits.Memory()))
}

func times(n int64, q *resource.Quantity) resource.Quantity {
	product := q.DeepCopy()
	product.Mul(n)
	return product
}

// probes are pods by which somebody looks into a namespace, with the LimitRange's defaults.
const probes = 2

// sandboxOverhead is room for what a RuntimeClass adds to a pod: Kata Containers
// says 250m and 160Mi, and some platforms that bring it several times as much.
func sandboxOverhead() corev1.ResourceRequirements { return resources("500m", "1Gi", "1Gi") }

// runtimeDemand: a roll-out begins a pod while all others still end, because the
// Deployment does not count those that end, but a quota does.
func runtimeDemand(in CellInput) demand {
	var d demand
	pods := 2*int64(mostPods(in)) + 1
	d.add(pods, sized(in.Cell.Spec.Runtime.Resources, runtimeResources()))
	if in.Cell.Spec.Runtime.RuntimeClassName != "" {
		d.ask(pods, sandboxOverhead())
	}
	d.add(probes, runtimeResources())
	return d
}

// databaseDemand: CloudNativePG replaces instances in place. Beside them there is
// at most one Job of its own, which makes or upgrades an instance, and one pod
// that still ends on a lost node; and one migration that ends while the next begins.
func databaseDemand(in CellInput) demand {
	var d demand
	size := in.Cell.Spec.Database
	pods := int64(instances(size)) + 2
	d.add(pods, sized(size.Resources, databaseResources()))
	if usesPlugin(size.Backup) { // its sidecar says nothing: the LimitRange's defaults
		d.ask(pods, databaseResources())
	}
	d.add(2, migrationResources())
	d.add(probes, databaseResources())
	return d
}
