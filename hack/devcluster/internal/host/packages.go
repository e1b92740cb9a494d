// Package host sees to what the cluster needs of the machine that it runs on.
package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// packages are the Debian packages that the cluster needs, each with a file or command that shows
// that it is there.
var packages = []struct{ name, proof string }{
	{"containerd", "containerd"},
	{"runc", "runc"},
	{"containernetworking-plugins", "/usr/lib/cni/ptp"},
	{"iptables", "iptables"},
	{"ipset", "ipset"},
	{"conntrack", "conntrack"},
	{"nftables", "nft"},
	{"iproute2", "ip"},
	{"util-linux", "nsenter"},
	{"mmdebstrap", "mmdebstrap"},
}

// Check says whether the machine can run a cluster at all.
func Check() error {
	if os.Geteuid() != 0 {
		return errors.New("the devcluster makes namespaces and control groups, which needs root:" +
			" run it as root, or set USE_EXISTING_CLUSTER=true and KUBECONFIG to use a cluster that you have")
	}
	return nil
}

// Install installs the packages that are missing.
func Install(ctx context.Context, log io.Writer) error {
	missing := missingPackages()
	if len(missing) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("install these with the system's package manager (named here as in Debian): %s",
			strings.Join(missing, " "))
	}
	install := append([]string{"install", "-y", "--no-install-recommends"}, missing...)
	for _, args := range [][]string{{"update"}, install} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		cmd.Stdout, cmd.Stderr = log, log
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("apt-get %s: %w", strings.Join(args, " "), err)
		}
	}
	return nil
}

func missingPackages() []string {
	var missing []string
	for _, p := range packages {
		if _, err := exec.LookPath(p.proof); err != nil {
			missing = append(missing, p.name)
		}
	}
	return missing
}
