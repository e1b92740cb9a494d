package outgoing

import (
	"net/netip"
	"slices"

	"github.com/bulkhead-dev/bulkhead/runtime/binding/metadata"
)

// special4 are the IPv4 ranges that are not of the public Internet, from IANA's
// registry of special-purpose addresses (RFC 6890), with multicast.
var special4 = prefixes(
	"0.0.0.0/8",       // this host
	"10.0.0.0/8",      // private
	"100.64.0.0/10",   // shared by customers of a provider
	"127.0.0.0/8",     // loopback
	"169.254.0.0/16",  // link-local
	"172.16.0.0/12",   // private
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.88.99.0/24",  // 6to4 relays
	"192.168.0.0/16",  // private
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // reserved, broadcast
)

// public6 are the IPv6 ranges of the public Internet, and special6 what in them is
// not: of IPv6 all is refused that is not known to be public.
var (
	public6 = prefixes(
		"2000::/3",     // global unicast
		"64:ff9b::/96", // NAT64, judged by the IPv4 address in it
	)
	special6 = prefixes(
		"2001::/23",     // protocol assignments, Teredo
		"2001:db8::/32", // documentation
		"3fff::/20",     // documentation
	)
)

// carriers are the IPv6 ranges whose addresses carry an IPv4 address, which is where
// a packet may end, and the byte at which it begins.
var carriers = []struct {
	prefix netip.Prefix
	at     int
}{
	{netip.MustParsePrefix("::/96"), 12},           // IPv4-compatible
	{netip.MustParsePrefix("::ffff:0:0:0/96"), 12}, // IPv4-translated
	{netip.MustParsePrefix("64:ff9b::/96"), 12},    // NAT64
	{netip.MustParsePrefix("64:ff9b:1::/48"), 12},  // NAT64 of a network's own
	{netip.MustParsePrefix("2002::/16"), 2},        // 6to4
}

func prefixes(texts ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		parsed[i] = netip.MustParsePrefix(text)
	}
	return parsed
}

// open reports whether an address may be dialled: it, and the IPv4 address that it
// may carry, serves no metadata and is public or in one of networks.
func open(address netip.Addr, networks []netip.Prefix) bool {
	if !address.IsValid() || address.Zone() != "" { // only link-local addresses have a zone
		return false
	}
	address = address.Unmap()
	if carried, ok := carriedBy(address); ok && !openItself(carried, networks) {
		return false
	}
	return openItself(address, networks)
}

func openItself(address netip.Addr, networks []netip.Prefix) bool {
	if within(address, metadata.Ranges()) {
		return false
	}
	return public(address) || within(address, networks)
}

func public(address netip.Addr) bool {
	if address.Is4() {
		return !within(address, special4)
	}
	return within(address, public6) && !within(address, special6)
}

func within(address netip.Addr, ranges []netip.Prefix) bool {
	return slices.ContainsFunc(ranges, func(p netip.Prefix) bool { return p.Contains(address) })
}

func carriedBy(address netip.Addr) (netip.Addr, bool) {
	if address.Is4() || address.IsLoopback() || address.IsUnspecified() {
		return netip.Addr{}, false
	}
	for _, c := range carriers {
		if c.prefix.Contains(address) {
			bytes := address.As16()
			return netip.AddrFrom4([4]byte(bytes[c.at : c.at+4])), true
		}
	}
	return netip.Addr{}, false
}
