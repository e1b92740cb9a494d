package seal_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
)

func TestMain(m *testing.M) { fixture.Main(m) }

const (
	namespace      = "bulkhead-eu-1"
	serviceAccount = "runtime"
)

func newVault(t *testing.T, bao *fixture.OpenBao, token string) *seal.Vault {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := seal.NewVault(seal.VaultConfig{Address: bao.Address, CAFile: bao.CAFile, AuthMount: fixture.AuthMount, TokenFile: file})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var key = bytes.Repeat([]byte{7}, 32)

func TestTransit(t *testing.T) {
	bao := fixture.NewOpenBao(t)
	mine, other := bao.Grant(t, uuid.New(), namespace, serviceAccount), bao.Grant(t, uuid.New(), namespace, serviceAccount)
	v := newVault(t, bao, bao.Token(namespace, serviceAccount))
	kek := v.KEK(mine)
	wrapped, err := kek.Wrap(t.Context(), key, []byte("bound"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := kek.Unwrap(t.Context(), wrapped, []byte("bound")); err != nil || !bytes.Equal(got, key) {
		t.Fatalf("round trip: %v", err)
	}
	crossed := mine
	crossed.Name = other.Name // my role, the other tenant's key
	missing := mine
	missing.Role = "bulkhead-t-gone"
	unknown := mine
	unknown.Name = "t-gone"
	for name, unwrap := range map[string]func() error{
		"other binding":    func() error { _, err := kek.Unwrap(t.Context(), wrapped, []byte("other")); return err },
		"other tenant":     func() error { _, err := v.KEK(other).Unwrap(t.Context(), wrapped, []byte("bound")); return err },
		"other key's path": func() error { _, err := v.KEK(crossed).Unwrap(t.Context(), wrapped, []byte("bound")); return err },
		"no such role":     func() error { _, err := v.KEK(missing).Unwrap(t.Context(), wrapped, []byte("bound")); return err },
		"no such key":      func() error { _, err := v.KEK(unknown).Unwrap(t.Context(), wrapped, []byte("bound")); return err },
		"another ServiceAccount": func() error {
			_, err := newVault(t, bao, bao.Token(namespace, "stranger")).KEK(mine).Unwrap(t.Context(), wrapped, []byte("bound"))
			return err
		},
	} {
		if err := unwrap(); !errors.Is(err, seal.ErrDenied) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// An encryption key must not come to be by being used.
	if _, err := v.KEK(unknown).Wrap(t.Context(), key, nil); !errors.Is(err, seal.ErrDenied) {
		t.Errorf("wrap with a missing key: %v", err)
	}
	bao.Permit(t, mine, false)
	if _, err := kek.Unwrap(t.Context(), wrapped, []byte("bound")); !errors.Is(err, seal.ErrDenied) {
		t.Errorf("permission taken: %v", err)
	}
	bao.Permit(t, mine, true)
	if _, err := kek.Unwrap(t.Context(), wrapped, []byte("bound")); err != nil {
		t.Errorf("permission given again: %v", err)
	}
}

func TestOutagesAreUnreachableNotDenied(t *testing.T) {
	bao := fixture.NewOpenBao(t)
	kek := newVault(t, bao, bao.Token(namespace, serviceAccount)).KEK(bao.Grant(t, uuid.New(), namespace, serviceAccount))
	wrapped, err := kek.Wrap(t.Context(), key, nil)
	if err != nil {
		t.Fatal(err)
	}
	unwrap := func() error { _, err := kek.Unwrap(t.Context(), wrapped, nil); return err }
	recovered := func(after string) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
			if err = unwrap(); err == nil {
				return
			}
		}
		t.Fatalf("after %s: %v", after, err)
	}
	outages := []struct {
		name       string
		begin, end func()
	}{
		{"sealed", func() { bao.Seal(t) }, func() { bao.Unseal(t) }},
		{"hangs", bao.Pause, bao.Resume},
		{"killed", func() { bao.Kill(t) }, func() { bao.Restart(t) }},
	}
	for _, o := range outages {
		o.begin()
		if err := unwrap(); !errors.Is(err, seal.ErrUnreachable) || errors.Is(err, seal.ErrDenied) {
			t.Errorf("%s: %v", o.name, err)
		}
		o.end()
		if o.name == "killed" { // and sealed, now that it is back
			if err := unwrap(); !errors.Is(err, seal.ErrUnreachable) {
				t.Errorf("restarted: %v", err)
			}
			bao.Unseal(t)
		}
		recovered(o.name)
	}
	// The reviewer of tokens is away: no token can be had, which is no denial.
	stranger := newVault(t, bao, bao.Token(namespace, serviceAccount)).KEK(bao.Grant(t, uuid.New(), namespace, serviceAccount))
	bao.StopTokenReviews()
	if _, err := stranger.Unwrap(t.Context(), wrapped, nil); !errors.Is(err, seal.ErrUnreachable) {
		t.Errorf("no TokenReview: %v", err)
	}
}

// A redirect to plain HTTP would show the token and what is to be wrapped.
func TestRedirectToPlainHTTPIsNotFollowed(t *testing.T) {
	var asked atomic.Int64
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer plain.Close()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	dir := t.TempDir()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for name, content := range map[string][]byte{"ca.crt": ca, "token": []byte("token")} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	v, err := seal.NewVault(seal.VaultConfig{
		Address: server.URL, CAFile: filepath.Join(dir, "ca.crt"), TokenFile: filepath.Join(dir, "token"), AuthMount: "kubernetes",
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.KEK(binding.Key{Mount: "transit", Name: "k", Role: "r"}).Wrap(t.Context(), key, nil); !errors.Is(err, seal.ErrUnreachable) {
		t.Errorf("wrapped: %v", err)
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("%d requests over plain HTTP", n)
	}
}

// However many tenants wait for a sealed Vault, it is asked about once a second.
func TestSealedVaultIsNotStormed(t *testing.T) {
	var asked atomic.Int64
	sealed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.Error(w, `{"errors":["Vault is sealed"]}`, http.StatusServiceUnavailable)
	}))
	defer sealed.Close()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("token"), 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := seal.NewVault(seal.VaultConfig{Address: sealed.URL, TokenFile: file, AuthMount: "kubernetes"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.KEK(binding.Key{Mount: "transit", Name: "first", Role: "first"}).Unwrap(t.Context(), "", nil); !errors.Is(err, seal.ErrUnreachable) {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			id := uuid.NewString()
			for end := time.Now().Add(2500 * time.Millisecond); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
				if _, err := v.KEK(binding.Key{Mount: "transit", Name: id, Role: id}).Unwrap(t.Context(), "", nil); !errors.Is(err, seal.ErrUnreachable) {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := asked.Load(); n > 4 {
		t.Errorf("asked %d times in 2.5 s", n)
	}
}
