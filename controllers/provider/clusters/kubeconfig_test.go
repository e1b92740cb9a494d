package clusters

import (
	"strings"
	"testing"
)

const safe = `
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "https://192.0.2.1:6443", certificate-authority-data: Q0E=}}]
users: [{name: u, user: {token: CANARY-TOKEN}}]
`

func TestParse(t *testing.T) {
	config, err := parse([]byte(safe))
	if err != nil {
		t.Fatal(err)
	}
	if config.Host != "https://192.0.2.1:6443" || config.BearerToken != "CANARY-TOKEN" || string(config.CAData) != "CA" {
		t.Errorf("config = %+v", config)
	}
}

// TestParseRefuses: a kubeconfig that would have the operator run a program or
// read a file of its own is refused, and the error says which field and no secret.
func TestParseRefuses(t *testing.T) {
	user := "user: {token: CANARY-TOKEN}"
	for name, c := range map[string]struct{ old, with, want string }{
		"no YAML":                   {safe, "CANARY-TOKEN: [", "no kubeconfig"},
		"no context":                {"current-context: c", "current-context: d", "current-context"},
		"a context without cluster": {"cluster: k,", "cluster: x,", "no cluster"},
		"a context without user":    {"user: u}", "user: x}", "no user"},
		"plain HTTP":                {"https://192", "http://192", "server"},
		"an unverified server":      {"certificate-authority-data: Q0E=", "insecure-skip-tls-verify: true", "insecure-skip-tls-verify"},
		"a proxy":                   {"server:", "proxy-url: \"http://CANARY.example\", server:", "proxy-url"},
		"a CA file":                 {"certificate-authority-data: Q0E=", "certificate-authority: /etc/passwd", "certificate-authority"},
		"a program":                 {user, "user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: CANARY-TOKEN}}", "exec"},
		"a provider":                {user, "user: {auth-provider: {name: CANARY-TOKEN}}", "auth-provider"},
		"a token file":              {user, "user: {tokenFile: /CANARY-TOKEN}", "tokenFile"},
		"a certificate file":        {user, "user: {client-certificate: /CANARY-TOKEN}", "client-certificate"},
		"a key file":                {user, "user: {client-key: /CANARY-TOKEN}", "client-key"},
	} {
		t.Run(name, func(t *testing.T) {
			spoilt := strings.Replace(safe, c.old, c.with, 1)
			if spoilt == safe {
				t.Fatal("the case changes nothing")
			}
			_, err := parse([]byte(spoilt))
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "CANARY") {
				t.Errorf("the error is %v, want one that says %q and no secret", err, c.want)
			}
		})
	}
}
