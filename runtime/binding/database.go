package binding

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Database says where the tenant's rows are, in exactly one of two forms. With
// Cell set they are in the database of the cell whose runtime reads the
// Binding. Else they are in a database of the tenant's own, which the other
// fields say how to reach: always over verified TLS, at DatabasePort, in
// DatabaseName, as RoleApp and RoleLane.
type Database struct {
	Cell bool `json:"cell,omitempty"`

	Host         string `json:"host,omitempty"`         // DNS name, as in the server's certificate
	CAPEM        string `json:"caPEM,omitempty"`        // certificates that the server's is verified with
	AppPassword  string `json:"appPassword,omitempty"`  // of RoleApp
	LanePassword string `json:"lanePassword,omitempty"` // of RoleLane
}

// Dedicated reports whether the database is the tenant's own.
func (d Database) Dedicated() bool { return !d.Cell }

// validate reports the first field that keeps d from being one whole form.
func (d Database) validate() error {
	if d.Cell {
		if d != (Database{Cell: true}) {
			return errors.New("binding: database.cell: excludes host, caPEM, appPassword and lanePassword")
		}
		return nil
	}
	switch {
	case d.Host == "":
		return errors.New("binding: database.host: is required unless database.cell is true")
	case len(validation.IsDNS1123Subdomain(d.Host)) > 0: // above all not a path, which would be a socket without TLS
		return fmt.Errorf("binding: database.host: %q is no lower-case DNS name", d.Host)
	case !x509.NewCertPool().AppendCertsFromPEM([]byte(d.CAPEM)):
		return errors.New("binding: database.caPEM: holds no certificate")
	case !passwordFits(d.AppPassword):
		return errors.New("binding: database.appPassword: must have 1 to 1024 bytes, none of them zero")
	case !passwordFits(d.LanePassword):
		return errors.New("binding: database.lanePassword: must have 1 to 1024 bytes, none of them zero")
	}
	return nil
}

// passwordFits reports whether PostgreSQL can be given the password.
func passwordFits(p string) bool {
	const maxPassword = 1024
	return p != "" && len(p) <= maxPassword && !strings.ContainsRune(p, 0)
}

// The database of a cell or a tenant and its roles. The owner of every table
// can not log in; the roles that can own nothing.
const (
	DatabaseName = "bulkhead"
	DatabasePort = 5432
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
