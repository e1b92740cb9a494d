package replica_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/bulkhead-dev/bulkhead/runtime/replica"
)

// mortalCommand makes the test binary a replica.
const mortalCommand = "mortal"

// mortal is what such a replica is told.
type mortal struct {
	Config replica.Config
	Tenant *corev1.Secret
}

// beMortal serves until it is killed.
func beMortal() {
	var told mortal
	err := json.NewDecoder(os.Stdin).Decode(&told)
	if err == nil {
		told.Config.Kubernetes, told.Config.Log = fake.NewClientset(told.Tenant), slog.New(slog.DiscardHandler)
		var r *replica.Replica
		if r, err = replica.New(context.Background(), told.Config); err == nil {
			fmt.Println("http://" + r.APIAddress().String())
			err = r.Run(context.Background())
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// startMortal starts a replica for one tenant in a process of its own, which is killed
// when it is told to stop.
func (c *cell) startMortal(t *testing.T, pod string, w *tenant) *node {
	t.Helper()
	config := c.config(t, pod)
	config.Kubernetes, config.Log = nil, nil
	told, err := json.Marshal(mortal{config, w.secret(t)})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe", mortalCommand)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n := &node{stop: func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	}}
	t.Cleanup(n.stop)
	if _, err := in.Write(told); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	n.url = strings.TrimSpace(line)
	return n
}

// A replica that dies while it works on a file leaves it to another, when its lease
// has ended, and the document is there once.
func TestKilledReplicaLosesNoUpload(t *testing.T) {
	for when, lock := range map[string]string{
		"before it reads the file":     "select from bulkhead.tenant_head for update",
		"while it writes the document": "lock table bulkhead.document in share mode",
	} {
		t.Run(when, func(t *testing.T) {
			c := newCell(t)
			acme := c.tenant(t, "acme")
			expect(t, c.idle(t, "runtime-0").queueFile(t, acme, "a", typeHTML, "<p>The kestrel hovers."), 202, "")
			release := c.hold(t, lock)
			killed := c.startMortal(t, "runtime-1", acme)
			wait(t, "nobody works", func() error { return c.count(t, "lease is not null", 1) })
			killed.stop()
			release()
			n := c.start(t, "runtime-2")
			if doc := n.ends(t, acme, "a"); doc.Status != "completed" {
				t.Errorf("%+v", doc)
			}
			var found struct{ Data []passageJSON }
			expect(t, n.ask(t, acme, "POST", "/v1/retrieve", `{"query":"kestrel"}`), 200, "").into(t, &found)
			var list struct{ Data []docJSON }
			expect(t, n.ask(t, acme, "GET", "/v1/documents", ""), 200, "").into(t, &list)
			if len(found.Data) != 1 || len(list.Data) != 1 {
				t.Errorf("found %d times, %d documents", len(found.Data), len(list.Data))
			}
			c.audited(t, "document.ingest.change", "lane = 0", 1)
		})
	}
}

// A job is nobody else's for as long as its worker takes.
func TestWorkerKeepsItsJob(t *testing.T) {
	c := newCell(t)
	model := newEmbedder(t)
	model.slow.Store(int64(c.queue.Lease * 5 / 2))
	acme := c.tenant(t, "acme", model.embeds("m"))
	n := c.start(t, "runtime-0")
	c.start(t, "runtime-1")
	expect(t, n.queueFile(t, acme, "a", "text/plain", "The kestrel hovers."), 202, "")
	if doc := n.ends(t, acme, "a"); doc.Status != "completed" {
		t.Errorf("%+v", doc)
	}
	if asked := model.asked.Load(); asked != 1 {
		t.Errorf("the model was asked for the text %d times", asked)
	}
}

// What a replica deleted before it died is purged by another, though nobody asks for
// the tenant there.
func TestKilledReplicaLeavesThePurge(t *testing.T) {
	c := newCell(t)
	c.purge = 5 * time.Second
	acme := c.tenant(t, "acme")
	killed, before := c.deleter(t, acme)
	killed.stop()
	if left := acme.lexicons(t, c); !slices.Equal(left, before) {
		t.Fatalf("purged before the replica was killed: %v, then %v", before, left)
	}
	c.purges(t, acme, before)
}

// A replica that dies in the midst of a purge leaves it to another, too.
func TestKilledReplicaLeavesHalfAPurge(t *testing.T) {
	c := newCell(t)
	c.purge = 5 * time.Second
	acme := c.tenant(t, "acme")
	killed, before := c.deleter(t, acme)
	release := c.hold(t, "lock table bulkhead.blob in share mode") // which the purge changes
	c.waited(t, "bulkhead.blob")
	if err := c.count(t, "lease is not null", 1); err != nil {
		t.Error(err)
	}
	killed.stop()
	release()
	c.purges(t, acme, before)
}

// deleter is a replica that can be killed, and has deleted one of two documents, which is
// in one of these segments.
func (c *cell) deleter(t *testing.T, acme *tenant) (killed *node, segments []uuid.UUID) {
	t.Helper()
	killed = c.startMortal(t, "runtime-0", acme)
	killed.becomes(t, acme, "PUT", "/v1/documents/a", "The kestrel hovers.", 201, "")
	expect(t, killed.ask(t, acme, "PUT", "/v1/documents/b", "The heron wades."), 201, "")
	segments = acme.lexicons(t, c)
	expect(t, killed.ask(t, acme, "DELETE", "/v1/documents/a", ""), 204, "")
	return killed, segments
}

// purges fails unless another replica leaves the segment of what was not deleted.
func (c *cell) purges(t *testing.T, acme *tenant, before []uuid.UUID) {
	t.Helper()
	n := c.start(t, "runtime-1")
	wait(t, "not purged", func() error {
		if left := acme.lexicons(t, c); len(left) != 1 || !slices.Contains(before, left[0]) {
			return fmt.Errorf("segments %v, then %v", before, left)
		}
		return c.count(t, "true", 0)
	})
	r := expect(t, n.ask(t, acme, "POST", "/v1/retrieve", found("kestrel heron")), 200, "")
	if body := string(r.body); strings.Contains(body, "kestrel hovers") || !strings.Contains(body, "heron wades") {
		t.Error(body)
	}
}

// lexicons are the ids of the tenant's stored segments.
func (w *tenant) lexicons(t *testing.T, c *cell) (ids []uuid.UUID) {
	t.Helper()
	c.pg.Scan(t, []any{&ids}, `select coalesce(array_agg(distinct object_id), '{}') from bulkhead.blob where kind = 'lex' and tenant_id = $1`, w.Tenant.ID)
	return ids
}
