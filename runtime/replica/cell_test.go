package replica_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/parse"
	"github.com/bulkhead-dev/bulkhead/runtime/replica"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/runtime/tenants"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
)

// The test binary is also the child process that reads files, and a replica that
// can be killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == parse.Command {
		os.Exit(parse.Child(os.Args[2:]))
	}
	if len(os.Args) > 1 && os.Args[1] == mortalCommand {
		beMortal()
	}
	fixture.Main(m)
}

const (
	namespace      = "bulkhead-eu-1"
	serviceAccount = "runtime"
)

// cell is what the operator makes: a migrated database, a Vault, a namespace.
type cell struct {
	pg       *fixture.Postgres
	bao      *fixture.OpenBao
	kube     *fake.Clientset
	token    string // file
	db       store.Config
	own      store.Config // of tenants with a database of their own
	lease    time.Duration
	handover time.Duration
	grace    time.Duration
	drain    time.Duration
	inFlight int64
	ingests  int64
	uploads  int64 // bytes
	indexing int64 // bytes
	index    int64 // bytes
	share    int64 // of index, one tenant's
	purge    time.Duration
	parse    parse.Config
	queue    replica.Queue
	patience time.Duration
	log      *logs
}

func newCell(t *testing.T) *cell {
	t.Helper()
	return newCellOn(t, fixture.NewPostgres(t))
}

func newCellOn(t *testing.T, pg *fixture.Postgres) *cell {
	t.Helper()
	c := &cell{
		pg: pg, bao: fixture.NewOpenBao(t), kube: fake.NewClientset(), log: &logs{},
		lease: 5 * time.Minute, handover: time.Minute, drain: 15 * time.Second, inFlight: 256, ingests: 16, uploads: 64 << 20, indexing: 1 << 30, index: 64 << 20, share: 64 << 20, purge: time.Minute, parse: parse.Config{Children: 2, Wait: 10 * time.Second},
		queue: replica.Queue{Length: 1000, Workers: 2, Lease: 3 * time.Second, Poll: 100 * time.Millisecond, Retry: 50 * time.Millisecond}, patience: 10 * time.Second,
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the replicas' last warnings:\n%s", strings.Join(c.log.warnings(30), "\n"))
		}
	})
	c.pg.Migrate(t)
	c.db = c.pg.Config()
	c.token = filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(c.token, []byte(c.bao.Token(namespace, serviceAccount)), 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

// logs collects what replicas log, to look for what must not be there.
type logs struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.String()
}

// warnings are the last lines that are no mere information.
func (l *logs) warnings(most int) (lines []string) {
	for line := range strings.Lines(l.String()) {
		if !strings.Contains(line, `"level":"INFO"`) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines[max(0, len(lines)-most):]
}

// node is one running replica.
type node struct {
	url, ops string
	stop     func() // gracefully, and waits
}

func (c *cell) start(t *testing.T, pod string) *node {
	t.Helper()
	before := c.watches()
	n := c.launch(t, pod)
	wait(t, "replica is not ready", func() error { return n.probe("/readyz") })
	wait(t, "Bindings are not watched", func() error { // what the fake changes before is never told
		if c.watches() == before {
			return errors.New("no watch")
		}
		return nil
	})
	return n
}

// watches is how many times Secrets began to be watched.
func (c *cell) watches() (n int) {
	for _, a := range c.kube.Actions() {
		if a.Matches("watch", "secrets") {
			n++
		}
	}
	return n
}

// config is what a replica is told.
func (c *cell) config(t *testing.T, pod string) replica.Config {
	t.Helper()
	return replica.Config{
		Pod:        tenants.Pod{Namespace: namespace, Name: pod, UID: "uid-of-" + pod},
		Kubernetes: c.kube,
		Database:   c.db, Dedicated: c.own, Handover: c.handover,
		Vault:      seal.VaultConfig{Address: c.bao.Address, CAFile: c.bao.CAFile, AuthMount: fixture.AuthMount, TokenFile: c.token},
		APIAddress: "127.0.0.1:0", OpsAddress: "127.0.0.1:0", TLSDir: t.TempDir(),
		Lease: c.lease, Indexes: corpus.CacheConfig{Bytes: c.index, Tenant: c.share, ColdLoads: 2}, PurgeAfter: c.purge, InFlight: c.inFlight, Ingests: c.ingests, Uploads: c.uploads, Indexing: c.indexing, Parse: c.parse, Queue: c.queue, Patience: c.patience, Grace: c.grace, Drain: c.drain,
		Log: slog.New(slog.NewJSONHandler(c.log, nil)),
	}
}

// launch starts a replica and does not wait for it to be ready.
func (c *cell) launch(t *testing.T, pod string) *node {
	t.Helper()
	r, err := replica.New(t.Context(), c.config(t, pod))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("replica %s: %v", pod, err)
		}
	})
	t.Cleanup(stop)
	return &node{url: "http://" + r.APIAddress().String(), ops: "http://" + r.OpsAddress().String(), stop: stop}
}

func (n *node) probe(path string) error {
	resp, err := http.Get(n.ops + path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %d %s", path, resp.StatusCode, text)
	}
	return nil
}

// tenant is a Binding in the cell and a key that fits it.
type tenant struct {
	binding.Binding
	key  string
	cell *cell
}

func (c *cell) tenant(t *testing.T, name string, edit ...func(*binding.Binding)) *tenant {
	t.Helper()
	id := uuid.New()
	text, stored := binding.NewKey(id, "k1")
	made := &tenant{cell: c, key: text, Binding: binding.Binding{
		Version: binding.Version, Epoch: 1, Incarnation: 1, Tenant: binding.Tenant{ID: id, Name: name},
		State: binding.Active, Containment: binding.ContainmentNone, Key: c.bao.Grant(t, id, namespace, serviceAccount),
		Database: binding.Database{Cell: true}, Limits: binding.Limits{RequestsPerMinute: 100_000},
		Credentials: []binding.Credential{stored},
	}}
	for _, e := range edit {
		e(&made.Binding)
	}
	if _, err := c.secrets().Create(t.Context(), made.secret(t), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return made
}

func (w *tenant) secret(t *testing.T) *corev1.Secret {
	t.Helper()
	data, err := binding.Encode(w.Binding)
	if err != nil {
		t.Fatal(err)
	}
	return w.rawSecret(data)
}

func (w *tenant) rawSecret(data []byte) *corev1.Secret {
	id := w.Tenant.ID.String()
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: "tenant-" + id, Namespace: namespace,
			Labels: map[string]string{binding.LabelKind: binding.KindBinding, binding.LabelTenantID: id},
		},
		Type: binding.SecretType, Data: map[string][]byte{binding.SecretKey: data},
	}
}

// edit changes the Binding as the operator does.
func (w *tenant) edit(t *testing.T, change func(*binding.Binding)) {
	t.Helper()
	change(&w.Binding)
	if _, err := w.cell.secrets().Update(t.Context(), w.secret(t), metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func (c *cell) secrets() secretClient { return c.kube.CoreV1().Secrets(namespace) }

type secretClient interface {
	Create(context.Context, *corev1.Secret, metav1.CreateOptions) (*corev1.Secret, error)
	Update(context.Context, *corev1.Secret, metav1.UpdateOptions) (*corev1.Secret, error)
	Delete(context.Context, string, metav1.DeleteOptions) error
}

// response is what a route answered.
type response struct {
	status int
	header http.Header
	body   []byte
}

func (r response) code() string {
	var e struct {
		Error struct{ Code string }
	}
	_ = json.Unmarshal(r.body, &e)
	return e.Error.Code
}

func (r response) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(r.body, v); err != nil {
		t.Fatalf("%v in %s", err, r.body)
	}
}

// ask sends a request as the tenant. A body is Markdown to documents, else JSON.
func (n *node) ask(t *testing.T, w *tenant, method, path, body string) response {
	t.Helper()
	media := "application/json"
	if method == http.MethodPut {
		media = "text/markdown"
	}
	return n.send(t, method, path, strings.NewReader(body), map[string]string{"Authorization": "Bearer " + w.key, "Content-Type": media})
}

func (n *node) send(t *testing.T, method, path string, body io.Reader, header map[string]string) response {
	t.Helper()
	req, err := http.NewRequest(method, n.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return response{status: resp.StatusCode, header: resp.Header, body: text}
}

// client sends no body before it is asked for it, however long that takes.
var client = func() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ExpectContinueTimeout = time.Minute
	return &http.Client{Transport: transport}
}()

// later gives what a request is answered, or the zero response if it is not.
func later(send func() response) <-chan response {
	answered := make(chan response, 1)
	go func() {
		defer close(answered)
		answered <- send()
	}()
	return answered
}

// expect fails unless the response has the status and error code.
func expect(t *testing.T, r response, status int, code string) response {
	t.Helper()
	if r.status != status || r.code() != code {
		t.Fatalf("got %d %q, want %d %q: %s", r.status, r.code(), status, code, r.body)
	}
	return r
}

// wait attempts something until it succeeds, and returns when the last attempt began that
// failed: what a slow machine did between the two says nothing of what is waited for.
func wait(t *testing.T, what string, attempt func() error) (failed time.Time) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		began := time.Now()
		if err = attempt(); err == nil {
			return failed
		}
		failed = began
	}
	t.Fatalf("%s: %v", what, err)
	return failed
}

// becomes waits until a request answers as said.
func (n *node) becomes(t *testing.T, w *tenant, method, path, body string, status int, code string) (failed time.Time) {
	t.Helper()
	return wait(t, "response stays another", func() error {
		if r := n.ask(t, w, method, path, body); r.status != status || r.code() != code {
			return fmt.Errorf("got %d %q, want %d %q", r.status, r.code(), status, code)
		}
		return nil
	})
}
