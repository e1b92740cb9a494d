package isolation

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"k8s.io/client-go/rest"
)

// Options of a test.
type Options struct {
	Config *rest.Config
	// Progress is where a line is written for each step.
	Progress io.Writer

	// Cells and Tenants are names of what must be among the tested; up to MaxCells
	// in all (0: no bound) are chosen at random by Seed.
	Cells, Tenants []string
	MaxCells       int
	TenantsPerCell int
	Seed           uint64

	// ProbeImage is an image of the runtime; empty: the one that each cell runs.
	ProbeImage string
	// TransitMount is where the tenants' keys are in Vault.
	TransitMount string
	// Metadata and Internet are addresses, IP:port, that no tenant's pod may reach.
	Metadata, Internet []string
	// Timeout of the whole test. What it made is removed after that, too.
	Timeout time.Duration
}

// DefaultMetadata are the addresses at which clouds give credentials to their
// machines: AWS, Azure, Google, Oracle and others; AWS and Google by IPv6; Azure's
// WireServer; Alibaba.
var DefaultMetadata = []string{
	"169.254.169.254:80", "[fd00:ec2::254]:80", "[fd20:ce::254]:80", "168.63.129.16:80", "100.100.100.200:80",
}

// DefaultInternet is an address that answers nearly everywhere.
var DefaultInternet = []string{"1.1.1.1:443"}

func (o Options) validate() error {
	var errs []error
	for flag, addresses := range map[string][]string{"metadata-address": o.Metadata, "internet-address": o.Internet} {
		for _, address := range addresses {
			if _, err := netip.ParseAddrPort(address); err != nil {
				errs = append(errs, fmt.Errorf("--%s: %q must be an IP address and a port, such as 192.0.2.1:443", flag, address))
			}
		}
	}
	if o.MaxCells < 0 || o.TenantsPerCell < 0 {
		errs = append(errs, errors.New("--max-cells and --tenants-per-cell: must not be negative"))
	}
	return errors.Join(errs...)
}
