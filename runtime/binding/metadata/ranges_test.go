package metadata

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAllow(t *testing.T) {
	for cidr, want := range map[string][]string{
		"203.0.113.0/24":   nil,
		"2001:db8::/32":    nil,
		"10.1.2.3/8":       nil,
		"168.0.0.0/6":      {"168.63.129.16/32", "169.254.0.0/16"},
		"100.64.0.0/10":    {"100.100.100.200/32"},
		"0.0.0.0/0":        {"100.100.100.200/32", "168.63.129.16/32", "169.254.0.0/16", "192.0.0.192/32"},
		"fd00::/8":         {"fd00:42::42/128", "fd00:a9fe:a9fe::/48", "fd00:c1::a9fe:a9fe/128", "fd00:ec2::/32", "fd20:ce::254/128"},
		"fe00::/7":         {"fe80::/10"},
		"fd20:ce::254/127": {"fd20:ce::254/128"},
	} {
		got, err := Allow(cidr)
		if err != nil {
			t.Errorf("%s: %v", cidr, err)
		}
		var text []string
		for _, prefix := range got.Except {
			text = append(text, prefix.String())
		}
		if diff := cmp.Diff(want, text); diff != "" {
			t.Errorf("%s (-want +got):\n%s", cidr, diff)
		}
		if written := netip.MustParsePrefix(cidr); got.Range != written.Masked() {
			t.Errorf("%s: allows %s", cidr, got.Range)
		}
	}
}

func TestAllowRefuses(t *testing.T) {
	for cidr, says := range map[string]string{
		"169.254.169.254/32":     "in 169.254.0.0/16",
		"169.254.0.0/16":         "in 169.254.0.0/16",
		"fe80::1/128":            "in fe80::/10",
		"100.100.100.200/32":     "in 100.100.100.200/32",
		"fd00:ec2::254/128":      "in fd00:ec2::/32",
		"::ffff:169.254.0.0/112": "write it as IPv4",
		"10.0.0.1":               "must be an address range",
		"models.example/24":      "must be an address range",
		"fe80::1%eth0/64":        "must be an address range",
	} {
		if _, err := Allow(cidr); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: the error is %v, want one that says %q", cidr, err, says)
		}
	}
}

// TestKnownServices names the addresses themselves, so that a range above
// cannot be narrowed by mistake.
func TestKnownServices(t *testing.T) {
	for _, service := range []string{
		"169.254.169.254", "169.254.170.2", "169.254.170.23", "169.254.42.42", "168.63.129.16", "100.100.100.200", "192.0.0.192",
		"fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "fd00:42::42", "fd00:a9fe:a9fe::1", "fe80::a9fe:a9fe",
	} {
		address := netip.MustParseAddr(service)
		known := false
		for _, r := range Ranges() {
			known = known || r.Contains(address)
		}
		if !known {
			t.Errorf("%s is open", service)
		}
	}
}

func TestRangesAreApart(t *testing.T) {
	ranges := Ranges()
	for i, a := range ranges {
		for _, b := range ranges[i+1:] {
			if a.Overlaps(b) {
				t.Errorf("%s and %s overlap", a, b)
			}
		}
	}
}
