// Package state knows where a cluster keeps what it has: everything is under one directory.
package state

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/addresses"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/file"
)

// Cluster is a cluster's identity: two clusters differ in their state directory.
type Cluster struct {
	Name string
	Dir  string // absolute
}

// hidden are the directories that the node covers with file systems of its own; nothing that it
// needs can lie in them.
var hidden = []string{"/proc", "/run", "/sys", "/var/lib", "/var/log", "/var/run"}

// DefaultName is the name of a cluster that was not given one.
const DefaultName = "bulkhead"

// New is the cluster that dir holds, or is to hold. A name that is not given is the one it has.
func New(name, dir string) (Cluster, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Cluster{}, err
	}
	if err := CheckVisible(abs); err != nil {
		return Cluster{}, err
	}
	cluster := Cluster{Name: name, Dir: abs}
	last, err := cluster.Load()
	switch {
	case err != nil:
		return Cluster{}, fmt.Errorf("read %s: %w", cluster.Path(SettingsFile), err)
	case name == "":
		cluster.Name = cmp.Or(last.Name, DefaultName)
	case last.Name != "" && last.Name != name:
		return Cluster{}, fmt.Errorf("%s holds cluster %q, not %q; choose another --state for it", abs, last.Name, name)
	}
	return cluster, nil
}

// CheckVisible refuses directories that processes inside the node could not see.
func CheckVisible(dir string) error {
	for _, covered := range hidden {
		if dir == covered || strings.HasPrefix(dir, covered+"/") {
			return fmt.Errorf("%s cannot be used: the node covers %s with a directory of its own; choose another place", dir, covered)
		}
	}
	return nil
}

// Path joins elements to the state directory.
func (c Cluster) Path(elements ...string) string {
	return filepath.Join(append([]string{c.Dir}, elements...)...)
}

// Logs is where every log goes; a component's is NAME.log.
func (c Cluster) Logs(elements ...string) string {
	return c.Path(append([]string{"logs"}, elements...)...)
}

// Kubeconfig is the administrator's, for use on this machine.
func (c Cluster) Kubeconfig() string { return c.Path("kubeconfig") }

// AuditLog is the API server's.
func (c Cluster) AuditLog() string { return c.Logs("audit.log") }

// VaultCA is the certificate authority of OpenBao's server certificate.
func (c Cluster) VaultCA() string { return c.Path("openbao", "ca.crt") }

// VaultToken holds OpenBao's root token.
func (c Cluster) VaultToken() string { return c.Path("openbao", "root-token") }

// ID tells clusters apart on one machine, whatever their names.
func (c Cluster) ID() string {
	sum := sha256.Sum256([]byte(c.Dir))
	return fmt.Sprintf("bulkhead-%x", sum[:4])
}

// SettingsFile is what every cluster's state directory has in it.
const SettingsFile = "cluster.json"

// Settings are what `up` decided and the cluster's processes need to know.
type Settings struct {
	Name      string `json:"name"`
	Binaries  string `json:"binaries"`  // directory of the Kubernetes programs
	APIPort   int    `json:"apiPort"`   // on 127.0.0.1
	VaultPort int    `json:"vaultPort"` // on 127.0.0.1

	Ordinal int    `json:"ordinal"`           // of its addresses
	NoVault bool   `json:"noVault,omitempty"` // it has no OpenBao of its own
	Link    string `json:"link,omitempty"`    // state directory of the cluster that it is linked to
}

// Addresses are those inside the cluster's network.
func (s Settings) Addresses() addresses.Plan { return addresses.Of(s.Ordinal) }

// Load returns the settings of the last `up`; none yet is no error.
func (c Cluster) Load() (Settings, error) {
	var settings Settings
	raw, err := os.ReadFile(c.Path(SettingsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return settings, nil
	}
	if err != nil {
		return settings, err
	}
	err = json.Unmarshal(raw, &settings)
	return settings, err
}

// Save keeps the settings. The supervisor may read them meanwhile.
func (c Cluster) Save(settings Settings) error {
	raw, err := json.MarshalIndent(settings, "", "  ")
	if err != nil {
		return err
	}
	return file.Replace(c.Path(SettingsFile), append(raw, '\n'), 0o644)
}
