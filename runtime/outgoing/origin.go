package outgoing

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/bulkhead-dev/bulkhead/runtime/binding/metadata"
)

// Origin is a scheme, a host and a port in their one normal form.
type Origin struct {
	Scheme string // "https" or "http"
	Host   string // lower case; an IPv6 address without brackets
	Port   uint16
}

// Allowed is an origin that a tenant may reach.
type Allowed struct {
	Origin Origin
	// Networks are ranges of private addresses at which the origin may be; nil: only
	// at public ones. An origin without TLS is reached in its Networks alone. What
	// clouds serve metadata at stays closed in every range.
	Networks []netip.Prefix
}

// ParseOrigin reads an origin such as https://models.example:8443. Errors say what
// is wrong without quoting the text, which may hold a password.
func ParseOrigin(text string) (Origin, error) {
	u, err := url.Parse(text)
	if err != nil {
		return Origin{}, errors.New("an origin must be a URL such as https://models.example")
	}
	if u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return Origin{}, errors.New("an origin has a scheme, a host and a port, and nothing else")
	}
	return OriginOf(u)
}

// OriginOf is the origin of a URL.
func OriginOf(u *url.URL) (Origin, error) {
	ports := map[string]uint16{"https": 443, "http": 80}
	port, known := ports[u.Scheme]
	if !known {
		return Origin{}, errors.New("the scheme of an origin must be https or http")
	}
	host := strings.ToLower(u.Hostname())
	if host == "" || strings.HasSuffix(host, ".") || strings.ContainsFunc(host, notInHost) {
		return Origin{}, errors.New("the host of an origin must be an address or a DNS name in ASCII without a dot at its end")
	}
	if text := u.Port(); text != "" {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil || n == 0 {
			return Origin{}, errors.New("the port of an origin must be from 1 to 65535")
		}
		port = uint16(n)
	}
	return Origin{Scheme: u.Scheme, Host: host, Port: port}, nil
}

func notInHost(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`%/\?#@`, r) }

// String is the origin as a URL.
func (o Origin) String() string { return o.Scheme + "://" + o.address() }

// address is what the origin is dialled by.
func (o Origin) address() string {
	return net.JoinHostPort(o.Host, strconv.FormatUint(uint64(o.Port), 10))
}

func (a Allowed) validate() error {
	switch {
	case a.Origin.Scheme != "https" && a.Origin.Scheme != "http", a.Origin.Host == "", a.Origin.Port == 0:
		return errors.New("an allowed origin must come from ParseOrigin")
	case a.Origin.Scheme == "http" && len(a.Networks) == 0:
		return fmt.Errorf("%s has no TLS: name the networks in which it may be reached, or use https", a.Origin)
	}
	for _, network := range a.Networks {
		if _, err := metadata.Allow(network.String()); err != nil {
			return fmt.Errorf("a network of %s: %w", a.Origin, err)
		}
	}
	return nil
}
