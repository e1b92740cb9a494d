package desired

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// jwk is a public key as an issuer publishes it.
func jwk(t *testing.T, id string, key any) (made v1alpha1.PublicKey) {
	t.Helper()
	text, err := json.Marshal(jose.JSONWebKey{KeyID: id, Use: "sig", Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &made); err != nil {
		t.Fatal(err)
	}
	return made
}

// What can not be used is left out and told, and all else is in the Binding.
func TestIdentityProvider(t *testing.T) {
	large, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := []v1alpha1.PublicKey{jwk(t, "rsa", large.Public()), jwk(t, "ec", curve.Public()), jwk(t, "ed", edwards)}
	off := jwk(t, "off", curve.Public())
	off.X = strings.Repeat("A", len(off.X))
	in := &v1alpha1.IdentityProvider{Issuer: "https://login.example", Keys: append(good, off)}

	made, err := IdentityProvider(in)
	if err == nil || !strings.Contains(err.Error(), "spec.identityProvider.keys[kid=off]") {
		t.Errorf("a point off the curve: %v", err)
	}
	if made == nil || len(made.Keys) != len(good) || made.UserClaim != "sub" || made.GroupsClaim != "groups" {
		t.Fatalf("%+v", made)
	}
	encoded, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	var read binding.IdentityProvider
	if err := json.Unmarshal(encoded, &read); err != nil || len(read.Keys) != len(good) {
		t.Errorf("the Binding has %s: %v", encoded, err)
	}
	in.Keys = []v1alpha1.PublicKey{off}
	if made, err := IdentityProvider(in); made != nil || err == nil {
		t.Errorf("without a key: %+v, %v", made, err)
	}
}
