package desired

import "github.com/bulkhead-dev/bulkhead/runtime/binding"

func runtimeDefaultDeny(in CellInput) any {
	if in.Cell.Spec.Runtime == nil {
		return nil
	}
	return runtimePodsWall(in.Cell.Name, nameDefaultDeny, nil, nil, nil)
}

// runtimeWall lets a runtime pod reach what it needs and nothing else: DNS, the
// Kubernetes API, its database and Vault.
func runtimeWall(in CellInput) any {
	if in.Cell.Spec.Runtime == nil {
		return nil
	}
	out := append([]*egress{toDNS(in.Config.DNS), toConfigured(in.Config.Vault.Egress)}, toAPIServer(in.APIServer)...)
	if in.Cell.Spec.Database != nil {
		out = append(out, to(portPostgreSQL, pods(DatabaseNamespace(in.Cell.Name), databasePod())))
	}
	incoming := []*ingress{
		from(binding.PortAPI, peers(in.Config.Clients)...),
		from(binding.PortOps, peers(in.Config.Scrapers)...),
	}
	return runtimePodsWall(in.Cell.Name, nameRuntime, RuntimePod(in.Cell.Name), incoming, out)
}

func runtimePodsWall(cell, name string, selected map[string]string, in []*ingress, out []*egress) any {
	return wall(name, RuntimeNamespace(cell), labels(cell, PartRuntime), selected, in, out)
}
