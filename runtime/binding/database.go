package binding

// The database of a cell and its roles. The owner of every table can not log
// in; the roles that can own nothing.
const (
	DatabaseName = "bulkhead"
	Schema       = "bulkhead"

	RoleOwner    = "bulkhead_owner"    // NOLOGIN, owns every table
	RoleMigrator = "bulkhead_migrator" // LOGIN, a member of the owner, used by the migration Job only
	RoleRW       = "bulkhead_rw"       // NOLOGIN, the privileges of the app
	RoleApp      = "bulkhead_app"      // LOGIN, a member of RoleRW
	RoleLane     = "bulkhead_lane"     // LOGIN, appends to the read lanes of the audit chain
	RoleQueue    = "bulkhead_queue"    // NOLOGIN, owns the job claiming function
)

// BootstrapSQL is what a superuser runs once in a new database whose initdb
// made RoleMigrator (CloudNativePG: postInitApplicationSQL). Everything else
// is a migration. RoleApp and RoleLane are made without LOGIN here; CloudNativePG's
// managed roles give both LOGIN and a password.
func BootstrapSQL() []string {
	return []string{
		"REVOKE ALL ON SCHEMA public FROM PUBLIC",
		"REVOKE ALL ON DATABASE " + DatabaseName + " FROM PUBLIC",
		"CREATE ROLE " + RoleOwner + " NOLOGIN",
		"CREATE ROLE " + RoleRW + " NOLOGIN",
		"CREATE ROLE " + RoleQueue + " NOLOGIN",
		"CREATE ROLE " + RoleApp + " NOLOGIN",
		"CREATE ROLE " + RoleLane + " NOLOGIN",
		"GRANT " + RoleOwner + " TO " + RoleMigrator,
		"GRANT " + RoleRW + " TO " + RoleApp,
		"GRANT CONNECT ON DATABASE " + DatabaseName + " TO " + RoleMigrator + ", " + RoleApp + ", " + RoleLane,
		"CREATE SCHEMA " + Schema + " AUTHORIZATION " + RoleOwner,
		"GRANT USAGE ON SCHEMA " + Schema + " TO " + RoleRW + ", " + RoleLane + ", " + RoleQueue,
	}
}
