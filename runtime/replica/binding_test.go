package replica_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8stesting "k8s.io/client-go/testing"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

func TestBindingTakesEffect(t *testing.T) {
	c := newCell(t)
	n := c.start(t, "runtime-0")
	acme := c.tenant(t, "acme")
	n.becomes(t, acme, "GET", "/v1/documents", "", 200, "")
	c.acknowledges(t, "runtime-0", acme, binding.KeyOK)

	steps := []struct {
		name               string
		edit               func(*binding.Binding)
		readOK, writeOK    bool
		readCode, putsCode string
	}{
		{"ReadOnly", func(b *binding.Binding) { b.Containment = binding.ReadOnly }, true, false, "", "tenant_read_only"},
		{"Suspended", func(b *binding.Binding) { b.Containment = binding.Suspended }, false, false, "tenant_suspended", "tenant_suspended"},
		{"Quarantined", func(b *binding.Binding) { b.Containment = binding.Quarantined }, false, false, "tenant_quarantined", "tenant_quarantined"},
		{"None", func(b *binding.Binding) { b.Containment = binding.ContainmentNone }, true, true, "", ""},
		{"Retained", func(b *binding.Binding) { b.State = binding.Retained }, false, false, "tenant_retained", "tenant_retained"},
	}
	status := map[bool]int{true: 200, false: 403}
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", "text"), 201, "")
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			acme.edit(t, s.edit)
			edited := time.Now()
			failed := n.becomes(t, acme, "PUT", "/v1/documents/a", "text", status[s.writeOK], s.putsCode)
			if late := failed.Sub(edited); late > time.Second {
				t.Errorf("took %s to take effect", late)
			}
			expect(t, n.ask(t, acme, "POST", "/v1/retrieve", retrieveX), status[s.readOK], s.readCode)
		})
	}
	again := map[string]func(*binding.Binding){
		"active":   func(b *binding.Binding) { b.State = binding.Active },
		"restored": func(b *binding.Binding) { b.State, b.Incarnation = binding.Active, b.Incarnation+1 },
	}
	for name, edit := range again {
		t.Run(name, func(t *testing.T) {
			acme.edit(t, edit)
			n.becomes(t, acme, "GET", "/v1/documents/a", "", 200, "")
			c.acknowledges(t, "runtime-0", acme, binding.KeyOK)
		})
	}

	if err := c.secrets().Delete(t.Context(), "tenant-"+acme.Tenant.ID.String(), metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	n.becomes(t, acme, "GET", "/v1/documents", "", 401, "invalid_api_key")
	wait(t, "entry stays", func() error {
		if _, err := c.ack(t, "runtime-0", acme.Tenant.ID); err == nil {
			return fmt.Errorf("still acknowledged")
		}
		return nil
	})
}

func TestRotatedCredentials(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	old := *acme
	text, stored := binding.NewKey(acme.Tenant.ID, "k2")
	acme.edit(t, func(b *binding.Binding) { b.Credentials = append(b.Credentials, stored) })
	acme.key = text
	n.becomes(t, acme, "GET", "/v1/documents", "", 200, "")
	expect(t, n.ask(t, &old, "GET", "/v1/documents", ""), 200, "")
	acme.edit(t, func(b *binding.Binding) { b.Credentials = b.Credentials[1:] })
	n.becomes(t, &old, "GET", "/v1/documents", "", 401, "invalid_api_key")
	expect(t, n.ask(t, acme, "GET", "/v1/documents", ""), 200, "")
}

// The hour of a rotated key ends by the clock, whether the operator takes the
// key out of the Binding or not.
func TestExpiredCredentialIsRefused(t *testing.T) {
	c := newCell(t)
	rotated := func(name string, expires time.Time) (old, current *tenant) {
		var text string
		old = c.tenant(t, name, func(b *binding.Binding) {
			key, stored := binding.NewKey(b.Tenant.ID, "k2")
			text, b.Credentials[0].ExpiresAt = key, &expires
			b.Credentials = append(b.Credentials, stored)
		})
		newer := *old
		newer.key = text
		return old, &newer
	}
	over, afterIt := rotated("acme", time.Now().Add(-time.Second))
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, over, "GET", "/v1/documents", ""), 401, "invalid_api_key")
	expect(t, n.ask(t, afterIt, "GET", "/v1/documents", ""), 200, "")

	ending, current := rotated("globex", time.Now().Add(5*time.Second))
	n.becomes(t, ending, "GET", "/v1/documents", "", 200, "")
	n.becomes(t, ending, "GET", "/v1/documents", "", 401, "invalid_api_key")
	expect(t, n.ask(t, current, "GET", "/v1/documents", ""), 200, "")
}

// A Binding that is not usable leaves the last good one in effect.
func TestBadBindingIsRefused(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme", func(b *binding.Binding) { b.Epoch, b.Incarnation = 3, 3 })
	n := c.start(t, "runtime-0")
	good, err := c.ack(t, "runtime-0", acme.Tenant.ID)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(edit func(*binding.Binding)) string {
		b := acme.Binding
		b.Containment = binding.Suspended
		edit(&b)
		data, err := binding.Encode(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	same := encode(func(*binding.Binding) {})
	bad := map[string]string{
		"truncated":         same[:40],
		"unknown field":     strings.Replace(same, `"version":1`, `"version":1,"extra":true`, 1),
		"unknown version":   strings.Replace(same, `"version":1`, `"version":2`, 1),
		"lower epoch":       encode(func(b *binding.Binding) { b.Epoch = 2 }),
		"lower incarnation": encode(func(b *binding.Binding) { b.Incarnation = 2 }),
		"another tenant":    strings.Replace(same, acme.Tenant.ID.String(), "00000000-0000-4000-8000-000000000000", 1),
	}
	refused := 0
	for name, data := range bad {
		t.Run(name, func(t *testing.T) {
			if _, err := c.secrets().Update(t.Context(), acme.rawSecret([]byte(data)), metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
			refused++
			wait(t, "not reported", func() error {
				if got := strings.Count(c.log.String(), "Binding refused"); got < refused {
					return fmt.Errorf("%d reports", got)
				}
				return nil
			})
			expect(t, n.ask(t, acme, "GET", "/v1/documents", ""), 200, "")
			if got, err := c.ack(t, "runtime-0", acme.Tenant.ID); err != nil || got != good {
				t.Errorf("acknowledged %+v, %v", got, err)
			}
		})
	}
	if strings.Contains(c.log.String(), acme.Credentials[0].SHA256) {
		t.Error("the log quotes a Binding")
	}
}

func TestAcknowledgementIsOwnedByThePodAndWrittenOnce(t *testing.T) {
	c := newCell(t)
	for i := range 20 {
		c.tenant(t, fmt.Sprintf("tenant-%d", i))
	}
	c.start(t, "runtime-0")
	object, err := c.kube.CoreV1().ConfigMaps(namespace).Get(t.Context(), "ack-runtime-0", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	owner := metav1.OwnerReference{APIVersion: "v1", Kind: "Pod", Name: "runtime-0", UID: "uid-of-runtime-0"}
	if len(object.OwnerReferences) != 1 || object.OwnerReferences[0] != owner || object.Labels[binding.LabelKind] != binding.KindAck || len(object.Data) != 20 {
		t.Errorf("got %+v", object)
	}
	writes := func() (n int) {
		for _, a := range c.kube.Actions() {
			if update, ok := a.(k8stesting.UpdateAction); ok && a.Matches("update", "configmaps") {
				object, err := meta.Accessor(update.GetObject())
				if err == nil && object.GetName() == "ack-runtime-0" {
					n++
				}
			}
		}
		return n
	}
	first := writes()
	time.Sleep(1200 * time.Millisecond)
	if writes() != first {
		t.Error("written again without a change")
	}
}
