package clusters

import (
	"errors"
	"fmt"
	"net/url"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// parse turns a kubeconfig into a client's configuration. A kubeconfig can name
// programs and files: one that comes from a Secret must not have the operator
// run or read anything of its own, so only what is inside of it counts.
func parse(kubeconfig []byte) (*rest.Config, error) {
	config, err := clientcmd.Load(kubeconfig)
	if err != nil {
		return nil, errors.New("it is no kubeconfig") // the cause may quote a secret
	}
	context := config.Contexts[config.CurrentContext]
	if context == nil {
		return nil, errors.New("current-context: names no context")
	}
	cluster, user := config.Clusters[context.Cluster], config.AuthInfos[context.AuthInfo]
	switch {
	case cluster == nil:
		return nil, errors.New("contexts: the current one names no cluster")
	case user == nil:
		return nil, errors.New("contexts: the current one names no user")
	}
	if err := errors.Join(checkCluster(cluster), checkUser(user)); err != nil {
		return nil, err
	}
	return clientcmd.NewNonInteractiveClientConfig(*config, config.CurrentContext, &clientcmd.ConfigOverrides{}, nil).ClientConfig()
}

func checkCluster(c *api.Cluster) error {
	var errs []error
	if server, err := url.Parse(c.Server); err != nil || server.Scheme != "https" || server.Host == "" {
		errs = append(errs, errors.New("clusters: server must be https://host:port"))
	}
	if c.InsecureSkipTLSVerify {
		errs = append(errs, errors.New("clusters: insecure-skip-tls-verify is not allowed; give certificate-authority-data"))
	}
	if c.ProxyURL != "" {
		errs = append(errs, errors.New("clusters: proxy-url is not allowed, as it would have the operator connect to any address; give the address of the API server itself"))
	}
	if c.CertificateAuthority != "" {
		errs = append(errs, errors.New("clusters: certificate-authority is a file; give certificate-authority-data"))
	}
	return errors.Join(errs...)
}

func checkUser(u *api.AuthInfo) error {
	var errs []error
	for _, field := range []struct {
		name      string
		forbidden bool
	}{
		{"exec", u.Exec != nil},
		{"auth-provider", u.AuthProvider != nil},
		{"tokenFile", u.TokenFile != ""},
		{"client-certificate", u.ClientCertificate != ""},
		{"client-key", u.ClientKey != ""},
	} {
		if field.forbidden {
			errs = append(errs, fmt.Errorf("users: %s names a program or a file; give token, or client-certificate-data and client-key-data", field.name))
		}
	}
	return errors.Join(errs...)
}
