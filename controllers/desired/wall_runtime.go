package desired

import "github.com/bulkhead-dev/bulkhead/runtime/binding"

func runtimeDefaultDeny(in CellInput) any {
	if in.Cell.Spec.Runtime == nil {
		return nil
	}
	return wall(nameDefaultDeny, RuntimeNamespace(in.Cell.Name), in.Cell.Name, PartRuntime, nil, nil, nil)
}

// runtimeWall lets a runtime pod reach what it needs and nothing else: DNS, the
// Kubernetes API, its database and Vault.
func runtimeWall(in CellInput) any {
	if in.Cell.Spec.Runtime == nil {
		return nil
	}
	out := append([]*egress{toDNS(in.Config.DNS), toVault(in.Config.Vault)}, toAPIServer(in.APIServer)...)
	if in.Cell.Spec.Database != nil {
		out = append(out, to(portPostgreSQL, pods(DatabaseNamespace(in.Cell.Name), databasePod())))
	}
	var incoming []*ingress
	if len(in.Config.Clients) > 0 {
		incoming = append(incoming, from(binding.PortAPI, peers(in.Config.Clients)...))
	}
	if len(in.Config.Scrapers) > 0 {
		incoming = append(incoming, from(binding.PortOps, peers(in.Config.Scrapers)...))
	}
	return wall(nameRuntime, RuntimeNamespace(in.Cell.Name), in.Cell.Name, PartRuntime, RuntimePod(in.Cell.Name), incoming, out)
}
