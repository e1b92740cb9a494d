// Package pki makes the certificates of a cluster, once, and keeps them in a directory.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const validity = 5 * 365 * 24 * time.Hour

// Authority signs certificates and keeps them as NAME.crt and NAME.key in its directory.
type Authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// Open loads the authority in dir (ca.crt, ca.key), or makes it.
func Open(dir, commonName string) (*Authority, error) {
	a := &Authority{dir: dir}
	pair, err := tls.LoadX509KeyPair(a.CertFile("ca"), a.KeyFile("ca"))
	if errors.Is(err, fs.ErrNotExist) {
		err := a.create(commonName)
		return a, err
	}
	if err != nil {
		return nil, fmt.Errorf("load the certificate authority in %s: %w", dir, err)
	}
	a.cert, a.key = pair.Leaf, pair.PrivateKey.(*ecdsa.PrivateKey)
	return a, nil
}

// CertFile is the path of a certificate.
func (a *Authority) CertFile(name string) string { return filepath.Join(a.dir, name+".crt") }

// KeyFile is the path of a private key.
func (a *Authority) KeyFile(name string) string { return filepath.Join(a.dir, name+".key") }

// Server issues a server's certificate for host names and addresses.
func (a *Authority) Server(name string, hosts ...string) error {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return a.issue(name, template)
}

// Client issues a client's certificate. Kubernetes reads the user from the common name and the
// groups from the organisation.
func (a *Authority) Client(name, user string, groups ...string) error {
	return a.issue(name, &x509.Certificate{
		Subject:     pkix.Name{CommonName: user, Organization: groups},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

func (a *Authority) create(commonName string) error {
	if err := os.MkdirAll(a.dir, 0o700); err != nil {
		return err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: commonName},
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	key, err := newKey()
	if err != nil {
		return err
	}
	der, err := sign(template, template, key, key)
	if err != nil {
		return err
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	a.key = key
	return a.save("ca", der, key)
}

// issue does nothing if the certificate is there and names every host of the template.
func (a *Authority) issue(name string, template *x509.Certificate) error {
	if has, err := a.has(name, template); has || err != nil {
		return err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	key, err := newKey()
	if err != nil {
		return err
	}
	der, err := sign(template, a.cert, key, a.key)
	if err != nil {
		return fmt.Errorf("sign certificate %s: %w", name, err)
	}
	return a.save(name, der, key)
}

func (a *Authority) has(name string, template *x509.Certificate) (bool, error) {
	raw, err := os.ReadFile(a.CertFile(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return false, nil // cut short when it was written
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return false, fmt.Errorf("read certificate %s: %w", name, err)
	}
	hosts := slices.Clone(template.DNSNames)
	for _, ip := range template.IPAddresses {
		hosts = append(hosts, ip.String())
	}
	return !slices.ContainsFunc(hosts, func(host string) bool { return cert.VerifyHostname(host) != nil }), nil
}

// save writes the key first: a certificate that is there is complete.
func (a *Authority) save(name string, der []byte, key *ecdsa.PrivateKey) error {
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := writePEM(a.KeyFile(name), "PRIVATE KEY", private, 0o600); err != nil {
		return err
	}
	return writePEM(a.CertFile(name), "CERTIFICATE", der, 0o644)
}

func sign(template, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = time.Now().Add(validity)
	return x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
}

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }
