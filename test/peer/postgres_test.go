//go:build bench

package peer_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// postgres is PostgreSQL 17 with pgvector in a root file system of its own, tuned for
// two cores: one table of all tenants' chunks, a partition for each tenant, behind
// row-level security.
type postgres struct {
	t    *testing.T
	host string
	conn *pgx.Conn // the superuser's
	role *pgx.Conn // that row-level security holds for
}

// envRoot names the directory of the root file system.
const envRoot = "BULKHEAD_PEER_ROOT"

var settings = []string{
	"listen_addresses=", "unix_socket_directories=/var/tmp", "fsync=off", "shared_buffers=3GB", "work_mem=64MB",
	"maintenance_work_mem=1GB", "effective_cache_size=8GB", "random_page_cost=1.1", "jit=off", "max_wal_size=8GB",
	"dynamic_shared_memory_type=mmap", "max_locks_per_transaction=4096",
}

func startPostgres(t *testing.T) *postgres {
	t.Helper()
	root := os.Getenv(envRoot)
	if root == "" {
		t.Fatalf("set %s to a root file system with PostgreSQL 17 and pgvector (hack/bench-engine.sh does)", envRoot)
	}
	inside := func(program string, arguments ...string) *exec.Cmd {
		cmd := exec.Command("chroot", append([]string{"--userspec=26:26", root, "/usr/lib/postgresql/17/bin/" + program}, arguments...)...)
		cmd.Stderr = os.Stderr
		return cmd
	}
	if err := inside("initdb", "--no-sync", "--username=postgres", "--locale=C.UTF-8", "--encoding=UTF8", "--pgdata=/var/tmp/data").Run(); err != nil {
		t.Fatal(err)
	}
	arguments := []string{"-D", "/var/tmp/data"}
	for _, s := range settings {
		arguments = append(arguments, "-c", s)
	}
	server := inside("postgres", arguments...)
	server.Stderr = nil
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGQUIT) // at once: nothing is kept
		_ = server.Wait()
	})
	p := &postgres{t: t, host: filepath.Join(root, "var/tmp")}
	for deadline := time.Now().Add(30 * time.Second); p.conn == nil; time.Sleep(100 * time.Millisecond) {
		conn, err := pgx.Connect(t.Context(), p.url("postgres"))
		if p.conn = conn; err != nil && time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	p.create()
	return p
}

func (p *postgres) url(user string) string {
	return fmt.Sprintf("host=%s user=%s dbname=postgres", p.host, user)
}

// create makes the table. An operator that is not leakproof is not looked up in an
// index behind row-level security: PostgreSQL is told that full text's is.
func (p *postgres) create() {
	p.t.Helper()
	p.run(`CREATE EXTENSION vector`, `CREATE ROLE app LOGIN`,
		`ALTER FUNCTION ts_match_vq(tsvector, tsquery) LEAKPROOF`,
		fmt.Sprintf(`CREATE TABLE chunk (tenant_id uuid, id int, words tsvector NOT NULL, v vector(%d) NOT NULL,
			PRIMARY KEY (tenant_id, id)) PARTITION BY LIST (tenant_id)`, dimensions),
		`CREATE INDEX ON chunk USING gin (words)`,
		`ALTER TABLE chunk ENABLE ROW LEVEL SECURITY`, `ALTER TABLE chunk FORCE ROW LEVEL SECURITY`,
		`CREATE POLICY own ON chunk USING (tenant_id = nullif(current_setting('app.current_tenant', true), '')::uuid)`,
		`GRANT SELECT ON chunk TO app`)
	p.connect()
	p.t.Cleanup(func() {
		_ = p.role.Close(context.Background())
		_ = p.conn.Close(context.Background())
	})
}

// connect begins a new session of those that row-level security holds for.
func (p *postgres) connect() {
	p.t.Helper()
	role, err := pgx.Connect(p.t.Context(), p.url("app"))
	if err != nil {
		p.t.Fatal(err)
	}
	if p.role != nil {
		_ = p.role.Close(context.Background())
	}
	p.role = role
}

func (p *postgres) run(statements ...string) {
	p.t.Helper()
	for _, s := range statements {
		if _, err := p.conn.Exec(p.t.Context(), s); err != nil {
			p.t.Fatalf("%s: %v", s, err)
		}
	}
}

// tenant is the partition of a tenant's chunks.
func (p *postgres) tenant(id uuid.UUID) (partition string) {
	p.t.Helper()
	partition = "chunk_" + strings.ReplaceAll(id.String(), "-", "")
	p.run(fmt.Sprintf(`CREATE TABLE %s PARTITION OF chunk FOR VALUES IN ('%s')`, partition, id))
	return partition
}

// load copies chunks, numbered in their order, to a tenant.
func (p *postgres) load(id uuid.UUID, texts []string, vectors [][]float32) (partition string) {
	p.t.Helper()
	partition = p.tenant(id)
	p.run(`CREATE TEMP TABLE given (id int, body text, v vector)`)
	var rows bytes.Buffer
	for i, text := range texts {
		fmt.Fprintf(&rows, "%d\t%s\t%s\n", i, strings.ReplaceAll(text, "\n", " "), literal(vectors[i]))
	}
	if _, err := p.conn.PgConn().CopyFrom(p.t.Context(), &rows, `COPY given FROM STDIN`); err != nil {
		p.t.Fatal(err)
	}
	p.run(fmt.Sprintf(`INSERT INTO %s SELECT '%s', id, to_tsvector('english', body), v FROM given`, partition, id),
		`DROP TABLE given`, `VACUUM ANALYZE `+partition)
	return partition
}

func literal(v []float32) string { return strings.ReplaceAll(fmt.Sprint(v), " ", ",") }

// hybrid ranks as we do: the best 100 of either measure, each scored by both, weighed
// evenly after both are scaled to what they range over.
const hybrid = `
WITH asked AS MATERIALIZED (SELECT to_tsquery('english', $1) AS words, $2::vector AS v),
by_words AS MATERIALIZED (
	SELECT c.id, ts_rank(c.words, asked.words) AS lexical, c.v <=> asked.v AS distance
	FROM chunk c, asked WHERE c.words @@ asked.words ORDER BY lexical DESC, c.id LIMIT 100),
by_vector AS MATERIALIZED (
	SELECT id, words, v <=> $2::vector AS distance FROM chunk ORDER BY v <=> $2::vector LIMIT 100),
either AS (
	SELECT id, lexical, distance FROM by_words
	UNION SELECT b.id, ts_rank(b.words, asked.words), b.distance FROM by_vector b, asked),
scaled AS (
	SELECT id,
		coalesce((lexical - min(lexical) OVER ()) / nullif(max(lexical) OVER () - min(lexical) OVER (), 0), 0) +
		coalesce((max(distance) OVER () - distance) / nullif(max(distance) OVER () - min(distance) OVER (), 0), 0) AS score
	FROM either)
SELECT id FROM scaled ORDER BY score DESC, id LIMIT 10`

const byVector = `SELECT id FROM chunk ORDER BY v <=> $1::vector LIMIT 10`

// ask asks as a tenant: its name, the question and the end of the transaction are one
// round trip.
func (p *postgres) ask(id uuid.UUID, query string, arguments ...any) (found []int) {
	p.t.Helper()
	var batch pgx.Batch
	batch.Queue(`BEGIN`)
	batch.Queue(`SELECT set_config('app.current_tenant', $1, true)`, id.String())
	batch.Queue(query, arguments...)
	batch.Queue(`COMMIT`)
	results := p.role.SendBatch(p.t.Context(), &batch)
	defer results.Close()
	for range 2 {
		if _, err := results.Exec(); err != nil {
			p.t.Fatal(err)
		}
	}
	rows, err := results.Query()
	if err != nil {
		p.t.Fatal(err)
	}
	if found, err = pgx.CollectRows(rows, pgx.RowTo[int]); err != nil {
		p.t.Fatal(err)
	}
	return found
}
