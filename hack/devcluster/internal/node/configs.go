package node

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"strings"
	"text/template"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/addresses"
)

//go:embed etc/*
var configTemplates embed.FS

// writeConfigs fills in the components' configuration files.
func (n node) writeConfigs() error {
	templates, err := template.ParseFS(configTemplates, "etc/*")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(n.config(""), 0o755); err != nil {
		return err
	}
	values := map[string]string{
		"State":            n.Dir,
		"Name":             n.Name,
		"DNSIP":            n.plan.DNS.String(),
		"AllPods":          addresses.AllPods.String(),
		"NodePodCIDR":      n.plan.NodePods.String(),
		"ContainerdSocket": containerdSocket,
	}
	for _, t := range templates.Templates() {
		var out bytes.Buffer
		if err := t.Execute(&out, values); err != nil {
			return fmt.Errorf("fill in %s: %w", t.Name(), err)
		}
		if err := n.writeConfig(strings.TrimSuffix(t.Name(), ".tmpl"), out.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

func (n node) writeConfig(name string, content []byte) error {
	// CNI reads every file of its directory, so its configuration has one of its own.
	if strings.HasSuffix(name, ".conflist") {
		if err := os.MkdirAll(n.config("cni"), 0o755); err != nil {
			return err
		}
		name = "cni/" + name
	}
	return os.WriteFile(n.config(name), content, 0o644)
}
