package desired

import "strings"

// Prunable reports whether a cell's object of this kind and name goes when the
// cell does not want it: when some version of the operator makes it, or made it.
// A name stays here when no builder makes it any more. What holds data or lets
// somebody at it is not among them, and neither is the door to another cell's
// database, which is a tenant's and not the cell's.
func Prunable(kind, name string) bool {
	switch kind {
	case "Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Service":
		return name == nameRuntime
	case "ScheduledBackup":
		return name == nameDatabase
	case "Job":
		return strings.HasPrefix(name, prefixMigrate)
	case "NetworkPolicy": // never the default deny
		return name == nameRuntime || name == nameDatabase || name == nameMigration ||
			strings.HasPrefix(name, prefixEndpoint) || strings.HasPrefix(name, prefixPlan)
	}
	return false
}
