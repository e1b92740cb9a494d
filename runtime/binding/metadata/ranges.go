package metadata

import (
	"fmt"
	"net/netip"
)

// Ranges are where clouds serve metadata. They do not overlap.
func Ranges() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("100.100.100.200/32"),     // Alibaba Cloud
		netip.MustParsePrefix("168.63.129.16/32"),       // Azure's wire server
		netip.MustParsePrefix("169.254.0.0/16"),         // link-local: nearly every cloud
		netip.MustParsePrefix("192.0.0.192/32"),         // Oracle Cloud, classic
		netip.MustParsePrefix("fd00:42::42/128"),        // Scaleway
		netip.MustParsePrefix("fd00:a9fe:a9fe::/48"),    // Akamai (Linode)
		netip.MustParsePrefix("fd00:c1::a9fe:a9fe/128"), // Oracle Cloud
		netip.MustParsePrefix("fd00:ec2::/32"),          // AWS: metadata, credentials of EKS pods
		netip.MustParsePrefix("fd20:ce::254/128"),       // Google Cloud
		netip.MustParsePrefix("fe80::/10"),              // link-local
	}
}

// Allowed is an address range without the metadata addresses in it.
type Allowed struct {
	Range  netip.Prefix
	Except []netip.Prefix // in a fixed order
}

// Allow reads an address range and leaves out what must stay closed. A range of
// nothing but metadata addresses is an error, as is text that is no range.
func Allow(cidr string) (Allowed, error) {
	wanted, err := parse(cidr)
	if err != nil {
		return Allowed{}, err
	}
	allowed := Allowed{Range: wanted}
	for _, metadata := range Ranges() {
		switch {
		case !wanted.Overlaps(metadata):
		case metadata.Bits() <= wanted.Bits():
			return Allowed{}, fmt.Errorf("%s is in %s, where clouds serve a machine's credentials; no pod of a tenant may reach it", cidr, metadata)
		default:
			allowed.Except = append(allowed.Except, metadata)
		}
	}
	return allowed, nil
}

// parse drops the bits behind the mask, as packet filters do.
func parse(cidr string) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q must be an address range such as 203.0.113.0/24", cidr)
	}
	if prefix.Addr().Is4In6() {
		return netip.Prefix{}, fmt.Errorf("%s is an IPv4 range in IPv6 notation; write it as IPv4", cidr)
	}
	return prefix.Masked(), nil
}
