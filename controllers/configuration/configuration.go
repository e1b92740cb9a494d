// Package configuration is the operator's one configuration file.
package configuration

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"regexp"

	"sigs.k8s.io/yaml"

	"github.com/bulkhead-dev/bulkhead/controllers/metadata"
)

// The file's type.
const (
	APIVersion = "config.bulkhead.dev/v1alpha1"
	Kind       = "Configuration"
)

// Configuration is what the operator must know about the cluster that it runs in.
type Configuration struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`

	Images        Images        `json:"images"`
	Vault         Vault         `json:"vault"`
	CloudNativePG CloudNativePG `json:"cloudNativePG"`
	DNS           DNS           `json:"dns"`
	// Clients are the pods that may call the runtime's HTTP API, such as a gateway's.
	Clients []Peer `json:"clients,omitempty"`
	// Scrapers are the pods that may read the metrics of the runtime and of PostgreSQL.
	Scrapers []Peer `json:"scrapers,omitempty"`
	// Backups says where backup plugins of CloudNativePG send what they save.
	Backups Backups `json:"backups,omitzero"`
}

// Images are the images that the operator puts into pods, by digest.
type Images struct {
	Runtime string `json:"runtime"`
	// PostgreSQL is an image that CloudNativePG can run: its tag is a PostgreSQL version.
	PostgreSQL string `json:"postgresql"`
}

// Vault says where the Vault server is, and how runtime pods reach it.
type Vault struct {
	Address      string `json:"address"`            // https://host:port
	CABundle     string `json:"caBundle,omitempty"` // PEM; the system's roots when empty
	TransitMount string `json:"transitMount,omitempty"`
	AuthMount    string `json:"authMount,omitempty"` // of the Kubernetes auth method
	Role         string `json:"role,omitempty"`      // of the operator
	Audience     string `json:"audience,omitempty"`  // of the ServiceAccount tokens
	// Egress says where Vault's packets go: pods, address ranges or both.
	Egress Egress `json:"egress"`
}

// Backups is about the databases whose Plan or Cell names a backup plugin.
type Backups struct {
	// Egress says where the plugin's packets go, such as an object store's.
	Egress *Egress `json:"egress,omitempty"`
}

// Egress is a destination that NetworkPolicies allow. The addresses at which
// clouds serve metadata are never part of it.
type Egress struct {
	Peers []Peer   `json:"peers,omitempty"`
	CIDRs []string `json:"cidrs,omitempty"`
	Port  int32    `json:"port"`
}

// Peer selects pods by the name of their namespace and by their labels. A
// namespace's own labels are never used: others may be able to set them.
type Peer struct {
	Namespace string            `json:"namespace"`
	PodLabels map[string]string `json:"podLabels,omitempty"`
}

// CloudNativePG says where the database operator runs.
type CloudNativePG struct {
	Operator Peer `json:"operator"`
}

// DNS says who answers the pods' DNS questions.
type DNS struct {
	Server Peer `json:"server"`
	// NodeLocal is the address of a node-local DNS cache, when there is one.
	NodeLocal string `json:"nodeLocal,omitempty"`
}

// Load reads a configuration file strictly: an unknown field, a missing value
// or a value that cannot work is an error that names the field.
func Load(path string) (Configuration, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Configuration{}, fmt.Errorf("configuration: %w; pass its path with --config", err)
	}
	c, err := Parse(data)
	if err != nil {
		return Configuration{}, fmt.Errorf("configuration %s: %w", path, err)
	}
	return c, nil
}

// Parse decodes, defaults and validates a configuration.
func Parse(data []byte) (Configuration, error) {
	var c Configuration
	if err := yaml.UnmarshalStrict(data, &c); err != nil {
		return Configuration{}, err
	}
	c.setDefaults()
	err := c.validate()
	return c, err
}

func (c *Configuration) setDefaults() {
	setDefault(&c.Vault.TransitMount, "transit")
	setDefault(&c.Vault.AuthMount, "kubernetes")
	setDefault(&c.Vault.Role, "bulkhead-operator")
	setDefault(&c.Vault.Audience, "vault")
	setDefault(&c.CloudNativePG.Operator.Namespace, "cnpg-system")
	if c.CloudNativePG.Operator.PodLabels == nil {
		c.CloudNativePG.Operator.PodLabels = map[string]string{"app.kubernetes.io/name": "cloudnative-pg"}
	}
	setDefault(&c.DNS.Server.Namespace, "kube-system")
	if c.DNS.Server.PodLabels == nil {
		c.DNS.Server.PodLabels = map[string]string{"k8s-app": "kube-dns"}
	}
}

func setDefault(value *string, otherwise string) {
	if *value == "" {
		*value = otherwise
	}
}

func (c *Configuration) validate() error {
	if c.APIVersion != APIVersion || c.Kind != Kind {
		return fmt.Errorf("apiVersion, kind: must be %s, %s", APIVersion, Kind)
	}
	return errors.Join(
		validateImage("images.runtime", c.Images.Runtime),
		validateImage("images.postgresql", c.Images.PostgreSQL),
		c.Vault.validate(),
		validatePeers("clients", c.Clients),
		validatePeers("scrapers", c.Scrapers),
		c.DNS.validate(),
		c.Backups.validate(),
	)
}

var digest = regexp.MustCompile(`^[^@\s]+@sha256:[0-9a-f]{64}$`)

func validateImage(field, ref string) error {
	if !digest.MatchString(ref) {
		return fmt.Errorf("%s: %q must be an image by digest, such as registry.example/name:tag@sha256:<64 hexadecimal characters>", field, ref)
	}
	return nil
}

func (v *Vault) validate() error {
	var errs []error
	if u, err := url.Parse(v.Address); err != nil || u.Scheme != "https" || u.Host == "" {
		errs = append(errs, fmt.Errorf("vault.address: %q must be https://host:port", v.Address))
	}
	if v.CABundle != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(v.CABundle)) {
		errs = append(errs, errors.New("vault.caBundle: holds no PEM certificate"))
	}
	return errors.Join(append(errs, v.Egress.validate("vault.egress"))...)
}

func (b *Backups) validate() error {
	if b.Egress == nil {
		return nil
	}
	return b.Egress.validate("backups.egress")
}

func (e *Egress) validate(field string) error {
	var errs []error
	if e.Port < 1 || e.Port > 65535 {
		errs = append(errs, fmt.Errorf("%s.port: %d must be the port at which the pods or hosts listen", field, e.Port))
	}
	if len(e.Peers)+len(e.CIDRs) == 0 {
		errs = append(errs, fmt.Errorf("%s: name pods (peers) or address ranges (cidrs), or nobody can reach it", field))
	}
	for i, cidr := range e.CIDRs {
		if _, err := metadata.Allow(cidr); err != nil {
			errs = append(errs, fmt.Errorf("%s.cidrs[%d]: %w", field, i, err))
		}
	}
	return errors.Join(append(errs, validatePeers(field+".peers", e.Peers))...)
}

func (d *DNS) validate() error {
	if d.NodeLocal == "" {
		return nil
	}
	if _, err := netip.ParseAddr(d.NodeLocal); err != nil {
		return fmt.Errorf("dns.nodeLocal: %w", err)
	}
	return nil
}

func validatePeers(field string, peers []Peer) error {
	for i, p := range peers {
		if p.Namespace == "" {
			return fmt.Errorf("%s[%d].namespace: is required", field, i)
		}
	}
	return nil
}
