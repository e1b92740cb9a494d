package desired

// The ports of a PostgreSQL pod: the database, and CloudNativePG's instance manager.
const (
	portPostgreSQL      = 5432
	portInstanceManager = 8000
)

func databaseDefaultDeny(in CellInput) any {
	if in.Cell.Spec.Database == nil {
		return nil
	}
	return wall(nameDefaultDeny, DatabaseNamespace(in.Cell.Name), in.Cell.Name, PartDatabase, nil, nil, nil)
}

// databaseWall lets in the cell's runtime, the migration Job, the other
// instances and CloudNativePG's operator, and lets out to the instances, DNS
// and the Kubernetes API, which the instance manager talks to.
func databaseWall(in CellInput) any {
	if in.Cell.Spec.Database == nil {
		return nil
	}
	cell, namespace := in.Cell.Name, DatabaseNamespace(in.Cell.Name)
	operator := pods(in.Config.CloudNativePG.Operator.Namespace, in.Config.CloudNativePG.Operator.PodLabels)
	instances := pods(namespace, databasePod())
	clients := []*peer{instances, operator, pods(namespace, migrationPod(cell))}
	if in.Cell.Spec.Runtime != nil {
		clients = append(clients, pods(RuntimeNamespace(cell), RuntimePod(cell)))
	}
	incoming := []*ingress{from(portPostgreSQL, clients...), from(portInstanceManager, operator, instances)}
	outgoing := append([]*egress{
		toDNS(in.Config.DNS), to(portPostgreSQL, instances), to(portInstanceManager, instances),
	}, toAPIServer(in.APIServer)...)
	return wall(nameDatabase, namespace, cell, PartDatabase, databasePod(), incoming, outgoing)
}

// migrationWall lets the migration Job reach DNS and the database only.
func migrationWall(in CellInput) any {
	if in.Cell.Spec.Database == nil {
		return nil
	}
	cell, namespace := in.Cell.Name, DatabaseNamespace(in.Cell.Name)
	outgoing := []*egress{toDNS(in.Config.DNS), to(portPostgreSQL, pods(namespace, databasePod()))}
	return wall(nameMigration, namespace, cell, PartMigration, migrationPod(cell), nil, outgoing)
}
