package outgoing

import (
	"net/netip"
	"testing"
)

func TestOpenAddresses(t *testing.T) {
	for _, text := range []string{
		"8.8.8.8", "172.15.255.255", "172.32.0.0", "100.128.0.1", "2606:4700::1111",
		"::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1",
	} {
		if !open(netip.MustParseAddr(text), nil) {
			t.Errorf("%s is closed", text)
		}
	}
}

// closed are addresses that nobody reaches by default, by the range that opens them;
// empty: none does.
var closed = map[string]string{
	"10.0.0.1":               "10.0.0.0/8",
	"172.16.0.1":             "172.16.0.0/12",
	"172.31.255.255":         "172.16.0.0/12",
	"192.168.1.1":            "192.168.1.0/24",
	"127.0.0.1":              "127.0.0.0/8",
	"127.255.0.1":            "127.0.0.0/8",
	"0.0.0.0":                "0.0.0.0/32",
	"100.64.0.1":             "100.64.0.0/10",
	"198.18.0.1":             "198.18.0.0/15",
	"224.0.0.1":              "224.0.0.0/4",
	"255.255.255.255":        "240.0.0.0/4",
	"::":                     "::/128",
	"::1":                    "::1/128",
	"fd12::1":                "fd00::/8",
	"fc00::1":                "fc00::/7",
	"ff02::1":                "ff00::/8",
	"fec0::1":                "fec0::/10",
	"2001:db8::1":            "2001:db8::/32",
	"2001:0:808:808::1":      "2001::/23",
	"::ffff:10.0.0.1":        "10.0.0.0/8",
	"64:ff9b::10.0.0.1":      "10.0.0.0/8",
	"2002:a00:1::1":          "10.0.0.0/8",
	"64:ff9b:1::8.8.8.8":     "64:ff9b:1::/48",
	"::8.8.8.8":              "::/96",
	"::ffff:0:8.8.8.8":       "::ffff:0:0:0/96",
	"169.254.169.254":        "",
	"169.254.0.1":            "",
	"fe80::1":                "",
	"fe80::1%eth0":           "",
	"fd00:ec2::254":          "",
	"168.63.129.16":          "",
	"100.100.100.200":        "",
	"::ffff:169.254.169.254": "",
	"::169.254.169.254":      "",
	"64:ff9b::a9fe:a9fe":     "",
	"64:ff9b:1::a9fe:a9fe":   "",
	"64:ff9b::168.63.129.16": "",
	"2002:a9fe:a9fe::1":      "",
	"2002:6464:64c8::":       "",
}

func TestClosedAddresses(t *testing.T) {
	everything := prefixes("0.0.0.0/0", "::/0")
	for text, opener := range closed {
		address := netip.MustParseAddr(text)
		if open(address, nil) {
			t.Errorf("%s is open", text)
		}
		if opener == "" {
			if open(address, everything) {
				t.Errorf("%s is open to who may reach everything", text)
			}
			continue
		}
		if !open(address, prefixes(opener)) {
			t.Errorf("%s is closed to who may reach %s", text, opener)
		}
		if open(address, prefixes("192.0.2.7/32")) {
			t.Errorf("%s is open to who may reach another network", text)
		}
	}
}

func TestNoAddress(t *testing.T) {
	if open(netip.Addr{}, prefixes("::/0", "0.0.0.0/0")) {
		t.Error("what is no address is open")
	}
}
