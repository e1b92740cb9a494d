package desired

// The ports of a PostgreSQL pod: the database, its metrics and CloudNativePG's
// instance manager.
const (
	portPostgreSQL      = 5432
	portMetrics         = 9187
	portInstanceManager = 8000
)

func databaseDefaultDeny(in CellInput) any {
	if in.Cell.Spec.Database == nil {
		return nil
	}
	return wall(nameDefaultDeny, DatabaseNamespace(in.Cell.Name), labels(in.Cell.Name, PartDatabase), nil, nil, nil)
}

// databaseWall lets in the one runtime that uses the database, the migration
// Job, the other instances, CloudNativePG's operator and who reads metrics, and
// lets out to the instances, DNS, the Kubernetes API, which the instance manager
// talks to, and where a backup plugin sends its data.
func databaseWall(in CellInput) any {
	if in.Cell.Spec.Database == nil {
		return nil
	}
	cell, namespace := in.Cell.Name, DatabaseNamespace(in.Cell.Name)
	operator := pods(in.Config.CloudNativePG.Operator.Namespace, in.Config.CloudNativePG.Operator.PodLabels)
	instances := pods(namespace, databasePod())
	clients := []*peer{instances, operator, pods(namespace, migrationPod(cell))}
	if runtime := servingCell(in); runtime != "" {
		clients = append(clients, pods(RuntimeNamespace(runtime), RuntimePod(runtime)))
	}
	incoming := []*ingress{
		from(portPostgreSQL, clients...),
		from(portInstanceManager, operator, instances),
		from(portMetrics, peers(in.Config.Scrapers)...),
	}
	outgoing := append([]*egress{
		toDNS(in.Config.DNS), to(portPostgreSQL, instances), to(portInstanceManager, instances),
	}, toAPIServer(in.APIServer)...)
	if store := in.Config.Backups.Egress; store != nil && usesPlugin(in.Cell.Spec.Database.Backup) {
		outgoing = append(outgoing, toConfigured(*store))
	}
	return wall(nameDatabase, namespace, labels(cell, PartDatabase), databasePod(), incoming, outgoing)
}

// servingCell is the cell whose runtime uses the database: the cell itself, or
// the one that it names. Empty: none yet.
func servingCell(in CellInput) string {
	if in.Cell.Spec.Runtime != nil {
		return in.Cell.Name
	}
	return in.Cell.Spec.ServedBy
}

// migrationWall lets the migration Job reach DNS and the database only.
func migrationWall(in CellInput) any {
	if in.Cell.Spec.Database == nil {
		return nil
	}
	cell, namespace := in.Cell.Name, DatabaseNamespace(in.Cell.Name)
	outgoing := []*egress{toDNS(in.Config.DNS), to(portPostgreSQL, pods(namespace, databasePod()))}
	return wall(nameMigration, namespace, labels(cell, PartMigration), migrationPod(cell), nil, outgoing)
}
