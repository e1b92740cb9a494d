package outgoing

import (
	"net/netip"
	"strings"
	"testing"
)

func TestParseOrigin(t *testing.T) {
	for text, want := range map[string]Origin{
		"https://models.example":        {"https", "models.example", 443},
		"https://MODELS.example:443/":   {"https", "models.example", 443},
		"http://10.0.0.1":               {"http", "10.0.0.1", 80},
		"HTTPS://[2001:DB8::1]:8443":    {"https", "2001:db8::1", 8443},
		"https://xn--mller-kva.example": {"https", "xn--mller-kva.example", 443},
	} {
		got, err := ParseOrigin(text)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
		if again, err := ParseOrigin(got.String()); err != nil || again != got {
			t.Errorf("%s: its text %s reads as %+v, %v", text, got, again, err)
		}
	}
}

func TestParseOriginRefuses(t *testing.T) {
	for _, text := range []string{
		"", "models.example", "//models.example", "ftp://models.example", "unix:///run/x",
		"https://", "https://:443", "https://models.example.", "https://models.example:0", "https://models.example:65536",
		"https://user:hunter2@models.example", "https://models.example/v1", "https://models.example?key=hunter2",
		"https://models.example?", "https://models.example#hunter2", "https://müller.example", "https://[fe80::1%25eth0]",
		"https://models.example:hunter2", "https://mod els.example",
	} {
		_, err := ParseOrigin(text)
		if err == nil {
			t.Errorf("%q is accepted", text)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error quotes a secret: %v", text, err)
		}
	}
}

func TestNewClientRefuses(t *testing.T) {
	plain, tls := Origin{"http", "models.example", 8080}, Origin{"https", "models.example", 8080}
	local := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for name, allowed := range map[string][]Allowed{
		"no TLS and no network": {{Origin: plain}},
		"link-local":            {{Origin: tls, Networks: []netip.Prefix{netip.MustParsePrefix("169.254.0.0/16")}}},
		"metadata":              {{Origin: tls, Networks: []netip.Prefix{netip.MustParsePrefix("fd00:ec2::254/128")}}},
		"mapped":                {{Origin: tls, Networks: []netip.Prefix{netip.MustParsePrefix("::ffff:10.0.0.0/104")}}},
		"twice":                 {{Origin: tls}, {Origin: plain, Networks: local}},
		"empty":                 {{}},
		"too many":              make([]Allowed, maxOrigins+1),
	} {
		if _, err := NewClient(Config{Allowed: allowed}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
