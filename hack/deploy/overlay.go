package main

import (
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

// The overlay is what a user would write: config/default with the images, and
// the configuration of this cluster.
var overlayFiles = map[string]*template.Template{
	"kustomization.yaml": parse(`apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- {{.Base}}
images:
- name: bulkhead/manager
  newName: {{.ManagerName}}
  digest: {{.ManagerDigest}}
{{- if .OtherPorts}}
patches:
- target: {kind: NetworkPolicy, name: bulkhead-manager}
  patch: |
{{- range .OtherPorts}}
    - {op: add, path: /spec/egress/0/ports/-, value: {protocol: TCP, port: {{.}}}}
{{- end}}
{{- end}}
configMapGenerator:
- name: bulkhead-config
  namespace: bulkhead-system
  behavior: replace
  files: [config.yaml]
`),
	"config.yaml": parse(`apiVersion: config.bulkhead.dev/v1alpha1
kind: Configuration
images:
  runtime: {{.Runtime}}
  postgresql: {{.PostgreSQL}}
vault:
  address: {{.VaultAddress}}
{{- if .VaultCA}}
  caBundle: |
{{indent .VaultCA}}
{{- end}}
  egress:
    port: {{.VaultPort}}
{{- if .VaultNamespace}}
    peers:
    - namespace: {{.VaultNamespace}}
{{- if .VaultLabel}}
      podLabels:
        {{.VaultLabel}}: {{.VaultLabelValue}}
{{- end}}
{{- end}}
{{- if .VaultCIDR}}
    cidrs: [{{.VaultCIDR}}]
{{- end}}
{{- if .RemoteVaultIP}}
  remote:
    address: https://{{.RemoteVaultIP}}:{{.VaultPort}}
    egress:
      cidrs: [{{.RemoteVaultIP}}/32]
{{- end}}
`),
}

func parse(text string) *template.Template {
	indent := func(s string) string { return "    " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n    ") }
	return template.Must(template.New("").Funcs(template.FuncMap{"indent": indent}).Parse(text))
}

// writeOverlay writes the overlay into a directory of the state.
func (in inputs) writeOverlay(dir, repo string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	base, err := filepath.Rel(dir, filepath.Join(repo, "config", "default"))
	if err != nil {
		return err
	}
	name, digest, _ := strings.Cut(in.Manager, "@")
	data := struct {
		inputs
		Base, ManagerName, ManagerDigest string
	}{in, base, name, digest}
	for file, content := range overlayFiles {
		var text strings.Builder
		if err := content.Execute(&text, data); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text.String()), 0o600); err != nil {
			return err
		}
	}
	return nil
}
