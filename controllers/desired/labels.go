package desired

// Labels and annotations of the objects that the operator makes.
const (
	LabelManagedBy = "app.kubernetes.io/managed-by"
	LabelName      = "app.kubernetes.io/name"
	LabelCell      = "bulkhead.dev/cell"
	LabelPart      = "bulkhead.dev/part"
	LabelTenant    = "bulkhead.dev/tenant" // the name, for people and for indexes

	ManagedBy = "bulkhead"

	PartRuntime   = "runtime"
	PartDatabase  = "database"
	PartMigration = "migration"
)

func labels(cell, part string) map[string]string {
	return map[string]string{LabelManagedBy: ManagedBy, LabelCell: cell, LabelPart: part}
}

// RuntimePod are the labels of a cell's runtime pods.
func RuntimePod(cell string) map[string]string {
	return map[string]string{LabelName: "bulkhead-runtime", LabelCell: cell}
}

func migrationPod(cell string) map[string]string {
	return map[string]string{LabelName: "bulkhead-migration", LabelCell: cell}
}

func databasePod() map[string]string {
	return map[string]string{"cnpg.io/cluster": nameDatabase}
}
