package replica_test

import (
	"fmt"
	"net/http"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
)

// password gives both logins of a database another password.
func password(t *testing.T, pg *fixture.Postgres, text string) {
	t.Helper()
	pg.Exec(t, "alter role "+binding.RoleApp+" password '"+text+"'", "alter role "+binding.RoleLane+" password '"+text+"'")
}

func with(d binding.Database, password string) binding.Database {
	d.AppPassword, d.LanePassword = password, password
	return d
}

// A password changes at two places, one after the other. Whichever is the
// first, no request fails, and in the end every connection is a new one.
func TestChangedPasswordFailsNoRequest(t *testing.T) {
	c := newCell(t)
	own := c.dedicate(t)
	own.Migrate(t)
	globex := c.tenant(t, "globex", in(own.Database(t)))
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, globex, "PUT", "/v1/documents/a", "text"), 201, "")

	rotations := map[string]func(text string){
		"database first": func(text string) {
			password(t, own, text)
			time.Sleep(500 * time.Millisecond)
			globex.edit(t, in(with(own.Database(t), text)))
		},
		"Binding first": func(text string) {
			globex.edit(t, in(with(own.Database(t), text)))
			c.reports(t, "runtime-0", globex, binding.Acknowledgement{Key: binding.KeyOK, Database: binding.DatabaseUnreachable})
			password(t, own, text)
		},
	}
	for name, rotate := range rotations {
		t.Run(name, func(t *testing.T) {
			var stops []func()
			for range 3 {
				stops = append(stops, n.steady(t, globex))
			}
			before := backends(t, own)
			rotate(strings.ReplaceAll(name, " ", "-"))
			c.reports(t, "runtime-0", globex, usable)
			wait(t, "connections of the former login stay", func() error {
				for pid := range backends(t, own) {
					if before[pid] {
						return fmt.Errorf("backend %d", pid)
					}
				}
				return nil
			})
			expect(t, n.ask(t, globex, "GET", "/v1/documents/a", ""), 200, "")
			for _, stop := range stops {
				stop()
			}
		})
	}
}

// backends are the server's ends of runtimes' connections.
func backends(t *testing.T, pg *fixture.Postgres) map[int32]bool {
	t.Helper()
	found, err := pg.Superuser(t).Query(t.Context(), "select pid from pg_stat_activity where application_name = 'bulkhead-runtime'")
	if err != nil {
		t.Fatal(err)
	}
	pids := map[int32]bool{}
	for found.Next() {
		var pid int32
		if err := found.Scan(&pid); err != nil {
			t.Fatal(err)
		}
		pids[pid] = true
	}
	return pids
}

// A former login does not go on for ever when that of the Binding is wrong.
func TestFormerLoginEnds(t *testing.T) {
	c := newCell(t)
	c.handover = 5 * time.Second
	own := c.dedicate(t)
	own.Migrate(t)
	globex := c.tenant(t, "globex", in(own.Database(t)))
	n := c.start(t, "runtime-0")
	wrong := own.Database(t)
	wrong.CAPEM = fixture.NewCAPEM(t)
	globex.edit(t, in(wrong))
	expect(t, n.ask(t, globex, "GET", "/v1/documents", ""), 200, "")
	n.becomes(t, globex, "GET", "/v1/documents", "", 503, "database_unavailable")
	c.reports(t, "runtime-0", globex, binding.Acknowledgement{Key: binding.KeyOK, Database: binding.DatabaseUnreachable})
	wait(t, "former login stays", func() error {
		if got := connections(t, own); got > 0 {
			return fmt.Errorf("%d connections", got)
		}
		return nil
	})
	globex.edit(t, in(own.Database(t)))
	n.becomes(t, globex, "GET", "/v1/documents", "", 200, "")
	c.reports(t, "runtime-0", globex, usable)
}

// A tenant that is no longer served out of its database leaves nothing behind.
func TestDedicatedConnectionsEnd(t *testing.T) {
	c := newCell(t)
	own := c.dedicate(t)
	own.Migrate(t)
	n := c.start(t, "runtime-0")
	pools := count("pgxpool")
	leave := map[string]func(*tenant){
		"retained": func(w *tenant) { w.edit(t, func(b *binding.Binding) { b.State = binding.Retained }) },
		"deleted": func(w *tenant) {
			if err := c.secrets().Delete(t.Context(), "tenant-"+w.Tenant.ID.String(), metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
		},
		"moved": func(w *tenant) { w.edit(t, in(binding.Database{Cell: true})) },
	}
	for name, leave := range leave {
		t.Run(name, func(t *testing.T) {
			w := c.tenant(t, "globex", in(own.Database(t)))
			n.becomes(t, w, "PUT", "/v1/documents/a", "text", 201, "")
			if connections(t, own) == 0 {
				t.Error("no connection while it is served")
			}
			leave(w)
			wait(t, "something stays", func() error {
				if conns, goroutines := connections(t, own), count("pgxpool"); conns > 0 || goroutines > pools {
					return fmt.Errorf("%d connections, %d goroutines of pools, %d before", conns, goroutines, pools)
				}
				return nil
			})
		})
	}
}

// count is how many goroutines run a package's code.
func count(pkg string) int {
	var text strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&text, 2)
	n := 0
	for _, stack := range strings.Split(text.String(), "\n\n") {
		if strings.Contains(stack, pkg+".") {
			n++
		}
	}
	return n
}

// What a tenant stored in one database is not served out of another, which is taken
// for a former state of the tenant: it was neither moved nor restored.
func TestAnotherDatabaseTakesEffectAtOnce(t *testing.T) {
	c := newCell(t)
	own := c.dedicate(t)
	own.Migrate(t)
	globex := c.tenant(t, "globex", in(own.Database(t)))
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, globex, "PUT", "/v1/documents/a", "text of its own database"), 201, "")
	found := func() int {
		var list struct{ Data []passageJSON }
		expect(t, n.ask(t, globex, "POST", "/v1/retrieve", retrieveX), 200, "").into(t, &list)
		return len(list.Data)
	}
	if found() != 1 {
		t.Error("the document is not found")
	}
	globex.edit(t, in(binding.Database{Cell: true}))
	n.becomes(t, globex, "GET", "/v1/documents/a", "", 404, "document_not_found")
	expect(t, n.ask(t, globex, "POST", "/v1/retrieve", retrieveX), 503, "database_rolled_back")
	expect(t, n.ask(t, globex, "PUT", "/v1/documents/b", "text of the cell's database"), 503, "database_rolled_back")
	globex.edit(t, in(own.Database(t)))
	n.becomes(t, globex, "GET", "/v1/documents/a", "", 200, "")
	expect(t, n.ask(t, globex, "GET", "/v1/documents/b", ""), 404, "document_not_found")
	if found() != 1 {
		t.Error("the document is not found again")
	}
}

func TestCellWithoutDatabase(t *testing.T) {
	c := newCell(t)
	c.db = store.Config{}
	own := c.dedicate(t)
	own.Migrate(t)
	acme, globex := c.tenant(t, "acme"), c.tenant(t, "globex", in(own.Database(t)))
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, globex, "PUT", "/v1/documents/a", "text"), 201, "")
	expect(t, n.ask(t, acme, "GET", "/v1/documents", ""), 401, "invalid_api_key")
	if _, err := c.ack(t, "runtime-0", acme.Tenant.ID); err == nil {
		t.Error("a Binding that can not be used is acknowledged")
	}
	good := globex.Binding
	globex.edit(t, in(binding.Database{Cell: true}))
	n.metric(t, `bulkhead_bindings_refused_total{reason="no_database"} 2`)
	if !strings.Contains(c.log.String(), "this cell has no database") {
		t.Error("the log does not say why")
	}
	expect(t, n.ask(t, globex, "GET", "/v1/documents/a", ""), 200, "")
	globex.Binding = good
	c.reports(t, "runtime-0", globex, usable)
}

// A database that does not answer holds up its own tenant only, however loud
// that is, and not for longer than a bounded time.
func TestHangingDatabaseHoldsUpItsTenantOnly(t *testing.T) {
	c := newCell(t)
	c.inFlight = 16
	own := c.dedicate(t)
	own.Migrate(t)
	relay := fixture.NewRelay(t, own)
	relay.Open(t)
	acme, globex := c.tenant(t, "acme"), c.tenant(t, "globex", in(relay.Database(t)))
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, globex, "PUT", "/v1/documents/a", "text"), 201, "")
	relay.Hang(true)
	stop := n.steady(t, acme)
	defer stop()
	var loud sync.WaitGroup
	for range 60 { // more than the process takes at a time
		loud.Go(func() {
			start := time.Now()
			r := n.ask(t, globex, "POST", "/v1/retrieve", retrieveX)
			refused := r.status == http.StatusServiceUnavailable || r.code() == "too_many_requests"
			if took := time.Since(start); !refused || took > 20*time.Second {
				t.Errorf("answer %d %s after %s", r.status, r.body, took)
			}
		})
	}
	loud.Wait()
	n.becomes(t, globex, "GET", "/v1/documents", "", 503, "database_unavailable")
	c.reports(t, "runtime-0", globex, binding.Acknowledgement{Key: binding.KeyOK, Database: binding.DatabaseUnreachable})
	var slow int
	for range 20 {
		start := time.Now()
		n.ask(t, globex, "GET", "/v1/documents", "")
		if time.Since(start) > time.Second {
			slow++
		}
	}
	if slow > 5 {
		t.Errorf("%d of 20 requests waited for a database that is known to be down", slow)
	}
	stop()
	relay.Hang(false)
	n.becomes(t, globex, "GET", "/v1/documents/a", "", 200, "")
}
