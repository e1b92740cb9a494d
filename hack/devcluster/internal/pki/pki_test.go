package pki

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"os"
	"testing"
)

func TestIssueOnceAndVerify(t *testing.T) {
	dir := t.TempDir()
	open := func() *Authority {
		t.Helper()
		a, err := Open(dir, "test-ca")
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Server("server", "localhost", "10.96.0.1"); err != nil {
			t.Fatal(err)
		}
		return a
	}
	first := open()
	before, _ := os.ReadFile(first.CertFile("server"))
	second := open()
	after, _ := os.ReadFile(second.CertFile("server"))
	if !bytes.Equal(before, after) {
		t.Error("a second start replaced the certificate")
	}

	pair, err := tls.LoadX509KeyPair(second.CertFile("server"), second.KeyFile("server"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(first.cert)
	for _, host := range []string{"localhost", "10.96.0.1"} {
		if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host}); err != nil {
			t.Errorf("verify for %s: %v", host, err)
		}
	}
	if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: "elsewhere"}); err == nil {
		t.Error("verified for a host it was not issued for")
	}
}

func TestIssueAgainForAnotherHost(t *testing.T) {
	a, err := Open(t.TempDir(), "test-ca")
	if err != nil {
		t.Fatal(err)
	}
	for _, hosts := range [][]string{{"localhost"}, {"localhost", "10.96.0.20"}} {
		if err := a.Server("server", hosts...); err != nil {
			t.Fatal(err)
		}
		pair, err := tls.LoadX509KeyPair(a.CertFile("server"), a.KeyFile("server"))
		if err != nil {
			t.Fatal(err)
		}
		for _, host := range hosts {
			if err := pair.Leaf.VerifyHostname(host); err != nil {
				t.Errorf("of %v: %v", hosts, err)
			}
		}
	}
}
