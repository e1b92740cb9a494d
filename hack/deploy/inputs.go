package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// inputs are what an installation differs by from config/default.
type inputs struct {
	Manager, Runtime, PostgreSQL string // images by digest
	VaultAddress, VaultCA        string
	VaultNamespace               string
	VaultLabel, VaultLabelValue  string
	VaultCIDR, VaultPort         string
	RemoteVaultIP                string   // as other clusters reach it, if there can be any
	OtherPorts                   []string // where the operator goes besides config/network-policy
}

func (d *deployment) inputs(ctx context.Context, log io.Writer) (inputs, error) {
	if d.existing {
		in, err := fromEnvironment()
		if err != nil {
			return in, err
		}
		in.OtherPorts, err = d.otherPorts(ctx, in.VaultPort)
		return in, err
	}
	images, err := d.loadImages(ctx, log)
	if err != nil {
		return inputs{}, err
	}
	ca, err := os.ReadFile(filepath.Join(d.state, "openbao", "ca.crt"))
	if err != nil {
		return inputs{}, fmt.Errorf("%w; start the cluster with `make devcluster-up`", err)
	}
	vaultIP, err := d.cluster.run(ctx, "", "-n", "openbao", "get", "service", "openbao", "-o", "jsonpath={.spec.clusterIP}")
	if err != nil {
		return inputs{}, err
	}
	return inputs{
		Manager:         images["manager"],
		Runtime:         images["runtime"],
		PostgreSQL:      images["postgresql"],
		VaultAddress:    "https://openbao.openbao.svc:8200",
		VaultCA:         string(ca),
		VaultNamespace:  "openbao",
		VaultLabel:      "app.kubernetes.io/name",
		VaultLabelValue: "openbao",
		VaultPort:       "8200",
		RemoteVaultIP:   vaultIP,
	}, nil
}

// otherPorts are those of the Vault and the API server that config/network-policy does not know.
func (d *deployment) otherPorts(ctx context.Context, vaultPort string) ([]string, error) {
	served, err := d.cluster.run(ctx, "", "-n", "default", "get", "endpointslices", "-l", "kubernetes.io/service-name=kubernetes",
		"-o", "jsonpath={.items[*].ports[*].port}")
	if err != nil {
		return nil, err
	}
	ports := append(strings.Fields(served), vaultPort)
	slices.Sort(ports)
	known := []string{"443", "6443", "8200"}
	return slices.DeleteFunc(slices.Compact(ports), func(port string) bool { return slices.Contains(known, port) }), nil
}

// loadImages builds our images into the development cluster and returns their
// references by name.
func (d *deployment) loadImages(ctx context.Context, log io.Writer) (map[string]string, error) {
	out, err := d.devcluster(ctx, log, d.state, "load")
	if err != nil {
		return nil, err
	}
	images := map[string]string{}
	lines := bufio.NewScanner(strings.NewReader(out))
	for lines.Scan() {
		if name, ref, ok := strings.Cut(lines.Text(), "="); ok {
			images[name] = ref
		}
	}
	for _, name := range []string{"manager", "runtime", "postgresql"} {
		if images[name] == "" {
			return nil, fmt.Errorf("devcluster load did not report the image %s", name)
		}
	}
	return images, nil
}

func fromEnvironment() (inputs, error) {
	in := inputs{
		Manager:        os.Getenv("MANAGER_IMAGE"),
		Runtime:        os.Getenv("RUNTIME_IMAGE"),
		PostgreSQL:     os.Getenv("POSTGRESQL_IMAGE"),
		VaultAddress:   os.Getenv("VAULT_ADDRESS"),
		VaultNamespace: os.Getenv("VAULT_NAMESPACE"),
		VaultCIDR:      os.Getenv("VAULT_CIDR"),
		VaultPort:      cmp.Or(os.Getenv("VAULT_PORT"), "8200"),
	}
	in.VaultLabel, in.VaultLabelValue, _ = strings.Cut(os.Getenv("VAULT_POD_LABEL"), "=")
	var missing []string
	for name, value := range map[string]string{
		"MANAGER_IMAGE": in.Manager, "RUNTIME_IMAGE": in.Runtime, "POSTGRESQL_IMAGE": in.PostgreSQL, "VAULT_ADDRESS": in.VaultAddress,
		"VAULT_NAMESPACE or VAULT_CIDR": in.VaultNamespace + in.VaultCIDR,
	} {
		if value == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return in, errors.New("an existing cluster needs " + strings.Join(missing, ", ") + "; see deploy --help")
	}
	if file := os.Getenv("VAULT_CACERT"); file != "" {
		ca, err := os.ReadFile(file)
		if err != nil {
			return in, fmt.Errorf("VAULT_CACERT: %w", err)
		}
		in.VaultCA = string(ca)
	}
	return in, nil
}
