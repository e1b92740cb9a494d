package report

import "fmt"

// limits is what no test of this kind can show, or no NetworkPolicy can do.
func (r *Report) limits() []string {
	said := []string{
		"A NetworkPolicy cannot block a pod's own node: whether a pod reaches the kubelet beside it is up to the network plugin, and shown, not judged.",
		"DNS is open, because the runtime needs it: data could leave in the names of questions if the cluster's DNS servers forward them.",
		"The tenants of one cell share its pods. What keeps them apart there is authentication, row-level security and a key for each, not packets.",
	}
	if len(r.Cells) < r.CellsInAll {
		said = append(said, fmt.Sprintf("%d of %d cells were tested, chosen by the seed among those that have pods in this cluster; --max-cells tests more, --cell and --tenant say which.", len(r.Cells), r.CellsInAll))
	}
	for _, c := range r.Cells {
		if len(c.Sample) < c.Tenants {
			said = append(said, fmt.Sprintf("%d of the %d tenants of %s were tried at their keys; --tenants-per-cell tries more.", len(c.Sample), c.Tenants, c.Name))
		}
	}
	return said
}
