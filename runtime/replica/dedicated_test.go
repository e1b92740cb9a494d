package replica_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/server"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
)

// dedicate gives the cell's tenants a server for databases of their own.
func (c *cell) dedicate(t *testing.T) *fixture.Postgres {
	t.Helper()
	own := fixture.NewDedicatedPostgres(t)
	c.own = store.Config{Port: uint16(own.Port), AppConns: 4, LaneConns: 1, Wait: 2 * time.Second}
	return own
}

// in names the database that a tenant has of its own.
func in(d binding.Database) func(*binding.Binding) {
	return func(b *binding.Binding) { b.Database = d }
}

var (
	usable   = binding.Acknowledgement{Key: binding.KeyOK, Database: binding.DatabaseOK}
	absent   = binding.Acknowledgement{Key: binding.KeyUnreachable, Database: binding.DatabaseUnreachable}
	unproven = binding.Acknowledgement{Key: binding.KeyUnreachable, Database: binding.DatabaseUnproven}
)

// rows counts what a database holds of a tenant, by table.
func rows(t *testing.T, pg *fixture.Postgres, tenant uuid.UUID) map[string]int {
	t.Helper()
	conn := pg.Superuser(t)
	found, err := conn.Query(t.Context(), `select table_name from information_schema.columns
		where table_schema = 'bulkhead' and column_name = 'tenant_id' and table_name <> 'api_key'`) // which nobody uses
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for found.Next() {
		var table string
		if err := found.Scan(&table); err != nil {
			t.Fatal(err)
		}
		counts[table] = 0
	}
	for table := range counts {
		var n int
		if err := conn.QueryRow(t.Context(), "select count(*) from bulkhead."+table+" where tenant_id = $1", tenant).Scan(&n); err != nil {
			t.Fatal(err)
		}
		counts[table] = n
	}
	if len(counts) == 0 {
		t.Fatal("the database has no tables")
	}
	return counts
}

// livesIn holds the places of a tenant's rows against the one it should have.
func livesIn(t *testing.T, w *tenant, home, other *fixture.Postgres) {
	t.Helper()
	for table, n := range rows(t, home, w.Tenant.ID) {
		if n == 0 {
			t.Errorf("%s: no rows in %s of its own database", w.Tenant.Name, table)
		}
	}
	for table, n := range rows(t, other, w.Tenant.ID) {
		if n > 0 {
			t.Errorf("%s: %d rows in %s of another database", w.Tenant.Name, n, table)
		}
	}
}

func TestDedicatedRowsAreInTheirDatabaseOnly(t *testing.T) {
	c := newCell(t)
	c.db = c.pg.TLSConfig()
	own := c.dedicate(t)
	own.Migrate(t)
	n := c.start(t, "runtime-0")
	edit := echoing(t)
	pair := []*tenant{c.tenant(t, "acme", edit), c.tenant(t, "globex", in(own.Database(t)), edit)}
	sides := newSides(t, n, pair...)
	for i, w := range pair {
		expect(t, n.ask(t, n.user(t, w, sides[i].canary, "read"), "POST", "/v1/answer", retrieveX), 200, "")
		expect(t, n.queueFile(t, w, "damaged", typePDF, sides[i].canary), 202, "")
		if got := n.ends(t, w, "damaged"); got.Status != "failed" {
			t.Errorf("%+v", got)
		}
	}
	c.acknowledges(t, "runtime-0", pair[0], binding.KeyOK)
	c.reports(t, "runtime-0", pair[1], usable)
	n.useTogether(t, sides, 8, 6)
	livesIn(t, pair[0], c.pg, own)
	livesIn(t, pair[1], own, c.pg)
	if got := connections(t, own); got > 5 {
		t.Errorf("%d connections to the dedicated database, want at most 4 and 1", got)
	}
	n.stop()
	wait(t, "connections after the end", func() error { // the server learns of it a moment later
		if got := connections(t, own); got > 0 {
			return fmt.Errorf("%d are left", got)
		}
		return nil
	})
}

// connections counts those of runtimes.
func connections(t *testing.T, pg *fixture.Postgres) (n int) {
	t.Helper()
	err := pg.Superuser(t).QueryRow(t.Context(), "select count(*) from pg_stat_activity where application_name = 'bulkhead-runtime'").Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// steady asks for a tenant until the returned function is called, and fails
// the test if an answer is not 200 or took long.
func (n *node) steady(t *testing.T, w *tenant) (stop func()) {
	t.Helper()
	done := make(chan struct{})
	var asking sync.WaitGroup
	asking.Go(func() {
		for asked := 0; ; asked++ {
			select {
			case <-done:
				if asked == 0 {
					t.Errorf("%s was never asked for", w.Tenant.Name)
				}
				return
			case <-time.After(10 * time.Millisecond):
			}
			start := time.Now()
			r := n.ask(t, w, "POST", "/v1/retrieve", retrieveX)
			if took := time.Since(start); r.status != 200 || took > 4*time.Second {
				t.Errorf("%s: answer %d %s after %s", w.Tenant.Name, r.status, r.body, took)
			}
		}
	})
	return sync.OnceFunc(func() {
		close(done)
		asking.Wait()
	})
}

// classOf is how a route is audited.
func classOf(name string) server.Class {
	routes := server.Routes()
	return routes[slices.IndexFunc(routes, func(r server.Route) bool { return r.Name == name })].Class
}

func TestDedicatedDatabaseDownAtStart(t *testing.T) {
	c := newCell(t)
	own := c.dedicate(t)
	own.Migrate(t)
	relay := fixture.NewRelay(t, own)
	acme, globex := c.tenant(t, "acme"), c.tenant(t, "globex", in(relay.Database(t)))
	n := c.start(t, "runtime-0")
	c.reports(t, "runtime-0", globex, absent)
	stop := n.steady(t, acme)
	defer stop()
	for name, route := range samples {
		if classOf(name) == server.Public {
			continue
		}
		r := expect(t, n.ask(t, globex, route.method, route.path, route.body), 503, "database_unavailable")
		if r.header.Get("Retry-After") == "" {
			t.Errorf("%s %s: no Retry-After", route.method, route.path)
		}
	}
	n.metric(t, `bulkhead_dedicated_databases{state="unreachable"} 1`)
	if !strings.Contains(c.log.String(), "database of the tenant can not be used") {
		t.Error("the log says nothing")
	}
	relay.Open(t)
	n.becomes(t, globex, "PUT", "/v1/documents/a", "text", 201, "")
	c.reports(t, "runtime-0", globex, usable)
	n.metric(t, `bulkhead_dedicated_databases{state="ok"} 1`)

	// And down again, while it is in use.
	relay.Cut()
	n.becomes(t, globex, "POST", "/v1/retrieve", retrieveX, 503, "database_unavailable")
	c.reports(t, "runtime-0", globex, binding.Acknowledgement{Key: binding.KeyOK, Database: binding.DatabaseUnreachable})
	relay.Open(t)
	n.becomes(t, globex, "POST", "/v1/retrieve", retrieveX, 200, "")
	c.reports(t, "runtime-0", globex, usable)
	stop()
}

// A replica waits for one attempt at each database, not for its success.
func TestReadyBesideHangingDatabases(t *testing.T) {
	c := newCell(t)
	own := c.dedicate(t)
	relay := fixture.NewRelay(t, own)
	relay.Open(t)
	relay.Hang(true)
	acme := c.tenant(t, "acme")
	var hanging []*tenant
	for i := range 3 {
		hanging = append(hanging, c.tenant(t, fmt.Sprintf("hanging-%d", i), in(relay.Database(t))))
	}
	n := c.launch(t, "runtime-0")
	n.becomes(t, acme, "GET", "/v1/documents", "", 200, "")
	if err := n.probe("/readyz"); err == nil {
		t.Error("ready before the databases were tried")
	}
	wait(t, "replica is not ready", func() error { return n.probe("/readyz") })
	for _, w := range hanging {
		c.reports(t, "runtime-0", w, absent)
	}
}

func (n *node) metric(t *testing.T, want string) (failed time.Time) {
	t.Helper()
	return wait(t, "metric", func() error {
		if !strings.Contains(n.metrics(t), want) {
			return fmt.Errorf("no %s", want)
		}
		return nil
	})
}

func (n *node) metrics(t *testing.T) string {
	t.Helper()
	ops := &node{url: n.ops}
	return string(ops.send(t, "GET", "/metrics", nil, nil).body)
}

// What keeps one database from being used keeps one tenant from being served,
// until it is mended.
func TestDedicatedDatabaseThatCanNotBeUsed(t *testing.T) {
	c := newCell(t)
	own := c.dedicate(t)
	acme, globex := c.tenant(t, "acme"), c.tenant(t, "globex", in(own.Database(t)))
	n := c.start(t, "runtime-0")
	stop := n.steady(t, acme)
	defer stop()

	c.reports(t, "runtime-0", globex, unproven) // no migration has run
	if r := expect(t, n.ask(t, globex, "GET", "/v1/documents", ""), 503, "database_not_ready"); r.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	own.Exec(t, "alter role "+binding.RoleLane+" bypassrls")
	own.Migrate(t)
	wait(t, "deviation is not named", func() error {
		if !strings.Contains(c.log.String(), "role bulkhead_lane bypassrls") {
			return fmt.Errorf("the log says: %s", c.log.String())
		}
		return nil
	})
	c.reports(t, "runtime-0", globex, unproven)
	expect(t, n.ask(t, globex, "GET", "/v1/documents", ""), 503, "database_not_ready")
	own.Exec(t, "alter role "+binding.RoleLane+" nobypassrls")
	n.becomes(t, globex, "GET", "/v1/documents", "", 200, "")
	c.reports(t, "runtime-0", globex, usable)

	right := own.Database(t)
	wrong := map[string]func(*binding.Database){
		"CA":            func(d *binding.Database) { d.CAPEM = fixture.NewCAPEM(t) },
		"app password":  func(d *binding.Database) { d.AppPassword = "canarypassword" },
		"lane password": func(d *binding.Database) { d.LanePassword = "canarypassword" },
	}
	for name, spoil := range wrong {
		t.Run(name, func(t *testing.T) {
			bad := right
			spoil(&bad)
			initech := c.tenant(t, "initech", in(bad))
			c.reports(t, "runtime-0", initech, absent)
			expect(t, n.ask(t, initech, "GET", "/v1/documents", ""), 503, "database_unavailable")
			initech.edit(t, in(right))
			n.becomes(t, initech, "GET", "/v1/documents", "", 200, "")
			c.reports(t, "runtime-0", initech, usable)
		})
	}
	stop()
	if strings.Contains(c.log.String(), "canarypassword") {
		t.Error("the log has a password")
	}
}
