package replica_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

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

// startMortal starts a replica for one tenant in a process of its own, and returns how
// to kill it.
func (c *cell) startMortal(t *testing.T, pod string, w *tenant) (kill func()) {
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
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	}
	t.Cleanup(kill)
	if _, err := in.Write(told); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	return kill
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
			kill := c.startMortal(t, "runtime-1", acme)
			wait(t, "nobody works", func() error { return c.count(t, "lease is not null", 1) })
			n := c.start(t, "runtime-2")
			time.Sleep(c.queue.Lease * 3 / 2)
			if err := c.count(t, "attempts = 1", 1); err != nil {
				t.Errorf("taken over from a replica that works: %v", err)
			}
			kill()
			release()
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
