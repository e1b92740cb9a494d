package replica_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

const retrieveX = `{"query":"text"}`

// ack reads what a replica acknowledged of a tenant.
func (c *cell) ack(t *testing.T, pod string, tenant uuid.UUID) (binding.Acknowledgement, error) {
	t.Helper()
	object, err := c.kube.CoreV1().ConfigMaps(namespace).Get(t.Context(), binding.AckNamePrefix+pod, metav1.GetOptions{})
	if err != nil {
		return binding.Acknowledgement{}, err
	}
	return binding.DecodeAck(object.Data[tenant.String()])
}

func (c *cell) acknowledges(t *testing.T, pod string, w *tenant, key binding.KeyState) {
	t.Helper()
	c.reports(t, pod, w, binding.Acknowledgement{Key: key})
}

// reports waits until a replica says something of the tenant's newest Binding.
func (c *cell) reports(t *testing.T, pod string, w *tenant, want binding.Acknowledgement) {
	t.Helper()
	data, err := binding.Encode(w.Binding)
	if err != nil {
		t.Fatal(err)
	}
	want.Revision = binding.Revision(data)
	wait(t, "acknowledgement", func() error {
		got, err := c.ack(t, pod, w.Tenant.ID)
		if err == nil && got != want {
			err = fmt.Errorf("got %+v, want %+v", got, want)
		}
		return err
	})
}

func TestSealedVaultServesUntilTheLeaseEnds(t *testing.T) {
	c := newCell(t)
	c.lease = 10 * time.Second
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", "text"), 201, "")
	c.acknowledges(t, "runtime-0", acme, binding.KeyOK)

	c.bao.Seal(t)
	sealed := time.Now()
	expect(t, n.ask(t, acme, "POST", "/v1/retrieve", retrieveX), 200, "")
	served := n.becomes(t, acme, "POST", "/v1/retrieve", retrieveX, 503, "key_unreachable")
	if late := served.Sub(sealed); late > c.lease+time.Second {
		t.Errorf("served %s after Vault was sealed", late)
	}
	r := n.ask(t, acme, "PUT", "/v1/documents/b", "text")
	if expect(t, r, 503, "key_unreachable"); r.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	c.acknowledges(t, "runtime-0", acme, binding.KeyUnreachable)

	c.bao.Unseal(t)
	n.becomes(t, acme, "POST", "/v1/retrieve", retrieveX, 200, "")
	c.acknowledges(t, "runtime-0", acme, binding.KeyOK)
}

// What a lease opened leaves memory when it ends, whoever waits for Vault then.
func TestIndexGoesWithTheLease(t *testing.T) {
	c := newCell(t)
	c.lease = 10 * time.Second
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", "text"), 201, "")
	expect(t, n.ask(t, acme, "POST", "/v1/retrieve", retrieveX), 200, "")
	const empty = "bulkhead_index_bytes 0\n"
	if strings.Contains(n.metrics(t), empty) {
		t.Fatal("no index in memory")
	}
	c.bao.Hang(t, true)
	hangs := time.Now()
	if late := n.metric(t, empty).Sub(hangs); late > c.lease+time.Second {
		t.Errorf("in memory %s after the last answer of Vault", late)
	}
	c.bao.Hang(t, false)
	n.becomes(t, acme, "POST", "/v1/retrieve", retrieveX, 200, "")
}

func TestDeniedKeyEndsAccess(t *testing.T) {
	c := newCell(t)
	c.lease = 10 * time.Second
	acme, globex := c.tenant(t, "acme"), c.tenant(t, "globex")
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", "text"), 201, "")
	c.bao.Permit(t, acme.Key, false)
	n.becomes(t, acme, "POST", "/v1/retrieve", retrieveX, 403, "key_revoked")
	c.acknowledges(t, "runtime-0", acme, binding.KeyDenied)
	expect(t, n.ask(t, globex, "POST", "/v1/retrieve", retrieveX), 200, "")
}

func TestReadyWhileVaultIsDown(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	c.bao.Kill(t)
	n := c.start(t, "runtime-0")
	c.acknowledges(t, "runtime-0", acme, binding.KeyUnreachable)
	expect(t, n.ask(t, acme, "GET", "/v1/documents", ""), 503, "key_unreachable")

	c.bao.Restart(t)
	expect(t, n.ask(t, acme, "GET", "/v1/documents", ""), 503, "key_unreachable") // sealed
	c.bao.Unseal(t)
	n.becomes(t, acme, "GET", "/v1/documents", "", 200, "")
	c.acknowledges(t, "runtime-0", acme, binding.KeyOK)
}

func TestRestartKeepsData(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	first := c.start(t, "runtime-0")
	expect(t, first.ask(t, acme, "PUT", "/v1/documents/a", "text of the first"), 201, "")
	first.stop()
	second := c.start(t, "runtime-1")
	var found struct{ Data []passageJSON }
	expect(t, second.ask(t, acme, "POST", "/v1/retrieve", `{"query":"first"}`), 200, "").into(t, &found)
	if len(found.Data) != 1 || found.Data[0].Text != "text of the first" {
		t.Errorf("got %+v", found.Data)
	}
}

// Two replicas that meet a new tenant at once must end up with the same keys.
func TestReplicasAgreeOnNewKeys(t *testing.T) {
	c := newCell(t)
	a, b := c.start(t, "runtime-0"), c.start(t, "runtime-1")
	for i := range 5 {
		w := c.tenant(t, fmt.Sprintf("tenant-%d", i))
		a.becomes(t, w, "GET", "/v1/documents", "", 200, "")
		b.becomes(t, w, "GET", "/v1/documents", "", 200, "")
		expect(t, a.ask(t, w, "PUT", "/v1/documents/d", "text"), 201, "")
		expect(t, b.ask(t, w, "PUT", "/v1/documents/d", "text"), 200, "")
		expect(t, b.ask(t, w, "GET", "/v1/documents/d/content", ""), 200, "")
	}
}
