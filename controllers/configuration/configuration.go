// Package configuration is the operator's one configuration file.
package configuration

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"regexp"

	"sigs.k8s.io/yaml"

	"github.com/bulkhead-dev/bulkhead/runtime/binding/metadata"
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
	// Gateway gives every tenant a host name; without one, a tenant's endpoint is
	// its cell's Service.
	Gateway *Gateway `json:"gateway,omitempty"`
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
	// Remote is the same Vault as seen from the other clusters that cells are on.
	// What it leaves out is as in the operator's own cluster.
	Remote VaultEndpoint `json:"remote"`
}

// VaultEndpoint is how the pods of a cluster reach Vault; see Vault for the fields.
type VaultEndpoint struct {
	Address  string `json:"address"`
	CABundle string `json:"caBundle,omitempty"`
	Egress   Egress `json:"egress"`
}

// Local is Vault as seen from the operator's own cluster.
func (v Vault) Local() VaultEndpoint {
	return VaultEndpoint{Address: v.Address, CABundle: v.CABundle, Egress: v.Egress}
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
	c.Vault.Remote.setDefaults(c.Vault.Local())
	setDefault(&c.CloudNativePG.Operator.Namespace, "cnpg-system")
	if c.CloudNativePG.Operator.PodLabels == nil {
		c.CloudNativePG.Operator.PodLabels = map[string]string{"app.kubernetes.io/name": "cloudnative-pg"}
	}
	setDefault(&c.DNS.Server.Namespace, "kube-system")
	if c.DNS.Server.PodLabels == nil {
		c.DNS.Server.PodLabels = map[string]string{"k8s-app": "kube-dns"}
	}
}

// setDefaults takes over what is left out. Peers and ranges are one answer to
// one question: whoever names either means no others.
func (e *VaultEndpoint) setDefaults(from VaultEndpoint) {
	setDefault(&e.Address, from.Address)
	setDefault(&e.CABundle, from.CABundle)
	if len(e.Egress.Peers)+len(e.Egress.CIDRs) == 0 {
		e.Egress.Peers, e.Egress.CIDRs = from.Egress.Peers, from.Egress.CIDRs
	}
	if e.Egress.Port == 0 {
		e.Egress.Port = from.Egress.Port
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
		c.Gateway.validate(),
	)
}

var digest = regexp.MustCompile(`^[^@\s]+@sha256:[0-9a-f]{64}$`)

func validateImage(field, ref string) error {
	if !digest.MatchString(ref) {
		return fmt.Errorf("%s: %q must be an image by digest, such as registry.example/name:tag@sha256:<64 hexadecimal characters>", field, ref)
	}
	return nil
}

// validate tells a mistake that the remote section took over where it was made.
func (v *Vault) validate() error {
	local := v.Local()
	if reflect.DeepEqual(v.Remote, local) {
		return local.validate("vault")
	}
	return errors.Join(local.validate("vault"), v.Remote.validate("vault.remote"))
}

func (e *VaultEndpoint) validate(field string) error {
	var errs []error
	if u, err := url.Parse(e.Address); err != nil || u.Scheme != "https" || u.Host == "" {
		errs = append(errs, fmt.Errorf("%s.address: %q must be https://host:port", field, e.Address))
	}
	if e.CABundle != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(e.CABundle)) {
		errs = append(errs, fmt.Errorf("%s.caBundle: holds no PEM certificate", field))
	}
	return errors.Join(append(errs, e.Egress.validate(field+".egress"))...)
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
