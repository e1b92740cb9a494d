package vault_test

import (
	"context"
	"strings"
	"testing"

	vaultapi "github.com/hashicorp/vault/api"

	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault/vaulttest"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
)

// TestMountContract holds the fake and the real client to the same behaviour.
func TestMountContract(t *testing.T) {
	t.Run("fake", func(t *testing.T) { mountContract(t, &vaulttest.Fake{}) })
	t.Run("server", func(t *testing.T) { mountContract(t, newClient(t, fixture.NewOpenBao(t))) })
}

func mountContract(t *testing.T, keys interface {
	vault.Keys
	vault.Mounts
},
) {
	ctx := context.Background()
	mount := mountOf(fixture.NewCluster(t))
	remote := spec
	remote.AuthMount = mount.Path
	if err := keys.Ensure(ctx, remote); err == nil {
		t.Fatal("a role was made where nothing is mounted")
	}
	if err := keys.DeleteRole(ctx, mount.Path, spec.Role); err != nil {
		t.Fatalf("DeleteRole where nothing is mounted: %v", err)
	}
	for range 2 { // idempotent
		if err := keys.EnsureAuthMount(ctx, mount); err != nil {
			t.Fatal(err)
		}
	}
	if err := keys.Ensure(ctx, remote); err != nil {
		t.Fatal(err)
	}
	expect := func(what string, spec vault.Spec, wanted vault.State) {
		t.Helper()
		if got, err := keys.Observe(ctx, spec); err != nil || got != wanted {
			t.Fatalf("%s: Observe = %v, %v; want %v", what, got, err, wanted)
		}
	}
	expect("at the mount", remote, vault.AsIntended)
	expect("at the configured mount", spec, vault.Differs)
	if err := keys.DeleteRole(ctx, "", spec.Role); err != nil {
		t.Fatal(err)
	}
	expect("after DeleteRole at the configured mount", remote, vault.AsIntended)
	if err := keys.DeleteRole(ctx, mount.Path, spec.Role); err != nil {
		t.Fatal(err)
	}
	expect("after DeleteRole", remote, vault.Differs)
}

func mountOf(cluster *fixture.Cluster) vault.Mount {
	return vault.Mount{Path: "bulkhead/second", Host: cluster.Host, CAPEM: cluster.CA, ReviewerJWT: cluster.ReviewerJWT}
}

// TestMountAsksItsCluster: only a token of that cluster logs in at the mount, only there, and only for as
// long as Vault has the reviewer's token.
func TestMountAsksItsCluster(t *testing.T) {
	ctx := context.Background()
	server, cluster := fixture.NewOpenBao(t), fixture.NewCluster(t)
	client := newClient(t, server)
	remote := spec
	remote.AuthMount = mountOf(cluster).Path
	ensure := func() {
		t.Helper()
		if err := client.EnsureAuthMount(ctx, mountOf(cluster)); err != nil {
			t.Fatal(err)
		}
	}
	ensure()
	if err := client.Ensure(ctx, remote); err != nil {
		t.Fatal(err)
	}
	theirs, ours := cluster.Token(spec.Namespace, spec.ServiceAccount), server.Token(spec.Namespace, spec.ServiceAccount)
	expect := func(what, mount, token string, wanted bool) {
		t.Helper()
		if err := login(server, mount, token); (err == nil) != wanted {
			t.Errorf("%s: %v, want success: %v", what, err, wanted)
		}
	}
	expect("the other cluster's pod", remote.AuthMount, theirs, true)
	expect("a pod of ours at its mount", remote.AuthMount, ours, false)
	expect("another pod of that cluster", remote.AuthMount, cluster.Token("default", spec.ServiceAccount), false)
	if err := client.Ensure(ctx, spec); err != nil {
		t.Fatal(err)
	}
	expect("the other cluster's pod at our mount", "kubernetes", theirs, false)
	expect("a pod of ours", "kubernetes", ours, true)

	cluster.RotateReviewer()
	expect("before Vault has the new reviewer", remote.AuthMount, theirs, false)
	ensure()
	expect("after Vault has the new reviewer", remote.AuthMount, theirs, true)
}

func login(server *fixture.OpenBao, mount, token string) error {
	_, err := server.Client.Logical().Write("auth/"+mount+"/login", map[string]any{"role": spec.Role, "jwt": token})
	return err
}

// TestMountIsWrittenWhenItDiffers: a mount that is as it should be is only read, and one that somebody
// changed is mended.
func TestMountIsWrittenWhenItDiffers(t *testing.T) {
	ctx := context.Background()
	server := fixture.NewOpenBao(t)
	client, mount := newClient(t, server), mountOf(fixture.NewCluster(t))
	config := "auth/" + mount.Path + "/config"
	ensure := func() *vaultapi.Secret {
		t.Helper()
		if err := client.EnsureAuthMount(ctx, mount); err != nil {
			t.Fatal(err)
		}
		live, err := server.Client.Logical().Read(config)
		if err != nil || live == nil {
			t.Fatalf("%v, %v", live, err)
		}
		return live
	}
	ensure()
	// What is not ours to say stays as it is for as long as nothing is written.
	change := func(issuer, host string) {
		server.Write(t, config, map[string]any{
			"kubernetes_host": host, "kubernetes_ca_cert": mount.CAPEM, "token_reviewer_jwt": mount.ReviewerJWT,
			"disable_local_ca_jwt": true, "issuer": issuer,
		})
	}
	change("unwritten", mount.Host)
	if got := ensure().Data["issuer"]; got != "unwritten" {
		t.Errorf("a mount that was as intended was written: issuer %q", got)
	}
	change("unwritten", "https://127.0.0.1:1")
	if got := ensure().Data; got["kubernetes_host"] != mount.Host || got["issuer"] != "" {
		t.Errorf("a changed mount was left: %v", got)
	}
	if _, err := server.Client.Logical().Delete("sys/auth/" + mount.Path); err != nil {
		t.Fatal(err)
	}
	ensure()
}

func TestMountErrorsCarryNoSecret(t *testing.T) {
	server := fixture.NewOpenBao(t)
	client, mount := newClient(t, server), mountOf(fixture.NewCluster(t))
	mount.Host = "" // which Vault refuses
	err := client.EnsureAuthMount(context.Background(), mount)
	if err == nil || strings.Contains(err.Error(), mount.ReviewerJWT) {
		t.Errorf("the error is %v", err)
	}
}
