package vault_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	vaultapi "github.com/hashicorp/vault/api"

	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault/vaulttest"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
)

func TestMain(m *testing.M) { fixture.Main(m) }

// The operator's identity in the tests' cluster.
const (
	operatorNamespace      = "bulkhead-system"
	operatorServiceAccount = "bulkhead-manager"
)

var spec = vault.Spec{Key: "t-1", Role: "bulkhead-t-1", Namespace: "bulkhead-eu-1", ServiceAccount: "runtime"}

// TestContract holds the fake and the real client to the same behaviour.
func TestContract(t *testing.T) {
	t.Run("fake", func(t *testing.T) { contract(t, &vaulttest.Fake{}) })
	t.Run("server", func(t *testing.T) {
		server := fixture.NewOpenBao(t)
		contract(t, newClient(t, server))
	})
}

func contract(t *testing.T, keys vault.Keys) {
	ctx := context.Background()
	expect := func(what string, wanted vault.State, spec vault.Spec) {
		t.Helper()
		if got, err := keys.Observe(ctx, spec); err != nil || got != wanted {
			t.Fatalf("%s: Observe = %v, %v; want %v", what, got, err, wanted)
		}
	}
	expect("at first", vault.KeyMissing, spec)
	if err := keys.EnsureAccess(ctx, spec); err != nil {
		t.Fatal(err)
	}
	expect("after EnsureAccess", vault.KeyMissing, spec)
	for range 2 { // idempotent
		if err := keys.Ensure(ctx, spec); err != nil {
			t.Fatal(err)
		}
		expect("after Ensure", vault.AsIntended, spec)
	}
	moved := spec
	moved.Namespace = "bulkhead-eu-2"
	expect("for another cell", vault.Differs, moved)
	for range 2 {
		if err := keys.DeleteRole(ctx, "", spec.Role); err != nil {
			t.Fatal(err)
		}
		expect("after DeleteRole", vault.Differs, spec)
	}
	if err := keys.EnsureAccess(ctx, moved); err != nil {
		t.Fatal(err)
	}
	expect("after a move", vault.AsIntended, moved)
	expect("of the former cell", vault.Differs, spec)
}

// TestOperatorCanUseNoKey proves config/vault/operator-policy.hcl: it is enough
// for Ensure (the contract above) and for nothing that uses or exports a key.
func TestOperatorCanUseNoKey(t *testing.T) {
	server := fixture.NewOpenBao(t)
	if err := newClient(t, server).Ensure(context.Background(), spec); err != nil {
		t.Fatal(err)
	}
	api := operatorToken(t, server)
	for _, path := range []string{
		"transit/encrypt/t-1", "transit/decrypt/t-1", "transit/rewrap/t-1", "transit/datakey/plaintext/t-1", "transit/datakey/wrapped/t-1",
		"transit/hmac/t-1", "transit/sign/t-1", "transit/keys/other", "sys/policies/acl/other", "auth/kubernetes/role/other",
		"auth/kubernetes/config", "auth/bulkhead/second/role/other", "auth/bulkhead/second/login/other",
		"sys/auth/other", "sys/auth/bulkhead", "sys/auth/bulkhead/second/tune", "sys/remount",
	} {
		_, err := api.Logical().Write(path, map[string]any{"plaintext": "", "ciphertext": "vault:v1:", "policy": ""})
		if !denied(err) {
			t.Errorf("write %s: %v, want a refusal", path, err)
		}
	}
	for _, path := range []string{"transit/export/encryption-key/t-1", "transit/backup/t-1", "sys/policies/acl/root", "sys/auth"} {
		if _, err := api.Logical().Read(path); !denied(err) {
			t.Errorf("read %s: %v, want a refusal", path, err)
		}
	}
	if _, err := api.Logical().Write("sys/auth/bulkhead/second", map[string]any{"type": "userpass"}); !denied(err) {
		t.Errorf("a mount of another method: %v, want a refusal", err)
	}
	if _, err := api.Logical().Delete("sys/auth/bulkhead/second"); !denied(err) {
		t.Errorf("remove a mount: %v, want a refusal", err)
	}
}

func denied(err error) bool {
	response := (*vaultapi.ResponseError)(nil)
	return errors.As(err, &response) && response.StatusCode == http.StatusForbidden
}

func newClient(t *testing.T, server *fixture.OpenBao) *vault.Client {
	t.Helper()
	server.GrantOperator(t, operatorNamespace, operatorServiceAccount)
	ca, err := os.ReadFile(server.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(server.Token(operatorNamespace, operatorServiceAccount)), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := vault.New(vault.Options{
		Address: server.Address, CABundle: string(ca), TransitMount: "transit", AuthMount: "kubernetes",
		Role: "bulkhead-operator", Audience: "vault", TokenFile: token,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func operatorToken(t *testing.T, server *fixture.OpenBao) *vaultapi.Client {
	t.Helper()
	api, err := server.Client.Clone()
	if err != nil {
		t.Fatal(err)
	}
	secret, err := api.Logical().Write("auth/kubernetes/login", map[string]any{
		"role": "bulkhead-operator", "jwt": server.Token(operatorNamespace, operatorServiceAccount),
	})
	if err != nil {
		t.Fatal(err)
	}
	api.SetToken(secret.Auth.ClientToken)
	return api
}

func TestOutages(t *testing.T) {
	server := fixture.NewOpenBao(t)
	client := newClient(t, server)
	ctx := context.Background()
	if err := client.Ensure(ctx, spec); err != nil {
		t.Fatal(err)
	}
	server.Seal(t)
	if err := client.Ensure(ctx, spec); !errors.Is(err, vault.ErrSealed) {
		t.Errorf("sealed: %v", err)
	}
	server.Kill(t)
	fresh := newUnreachable(t, server)
	if err := fresh.Ensure(ctx, spec); !errors.Is(err, vault.ErrUnreachable) {
		t.Errorf("killed: %v", err)
	}
}

// newUnreachable is a client whose server is gone.
func newUnreachable(t *testing.T, server *fixture.OpenBao) *vault.Client {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("a.b.c"), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := vault.New(vault.Options{Address: server.Address, TransitMount: "transit", AuthMount: "kubernetes", Role: "r", TokenFile: token})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestErrorsCarryNoSecret(t *testing.T) {
	server := fixture.NewOpenBao(t)
	client := newUnreachable(t, server)
	err := client.Ensure(context.Background(), spec)
	if err == nil || strings.Contains(err.Error(), "a.b.c") {
		t.Errorf("the error is %v", err)
	}
}
