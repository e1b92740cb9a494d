package upload

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/podport"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// keyOfSecret is where a credential Secret has the API key.
const keyOfSecret = "apiKey"

// target finds the tenant's API and a key of it: those that were given, else those that
// the cluster knows.
func target(ctx context.Context, o Options) (*api, error) {
	a := &api{url: strings.TrimSuffix(o.URL, "/"), http: &http.Client{}}
	var kube client.Client
	if o.URL == "" || o.KeyFile == "" {
		var err error
		if kube, err = newClient(o); err != nil {
			return nil, err
		}
	}
	var err error
	if a.key, err = key(ctx, o, kube); err != nil {
		return nil, err
	}
	if a.url == "" {
		a.url, err = forward(ctx, o, kube)
	}
	return a, err
}

func newClient(o Options) (client.Client, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	config, err := o.Config()
	if err != nil {
		return nil, err
	}
	return client.New(config, client.Options{Scheme: scheme})
}

// key reads the API key, which is never shown.
func key(ctx context.Context, o Options, kube client.Client) (string, error) {
	if o.KeyFile != "" {
		text, err := os.ReadFile(o.KeyFile)
		return string(bytes.TrimSpace(text)), err
	}
	name := client.ObjectKey{Namespace: desired.CredentialsNamespace, Name: desired.CredentialSecret(o.Tenant)}
	var secret corev1.Secret
	if err := kube.Get(ctx, name, &secret); err != nil {
		return "", fmt.Errorf("the tenant's first API key can not be read, give one with --key-file: %w", err)
	}
	if len(secret.Data[keyOfSecret]) == 0 {
		return "", fmt.Errorf("the Secret %s has no %s: give a key with --key-file", name, keyOfSecret)
	}
	return string(secret.Data[keyOfSecret]), nil
}

// forward makes a runtime pod of the tenant's cell answer on this machine.
func forward(ctx context.Context, o Options, kube client.Client) (string, error) {
	var tenant v1alpha1.Tenant
	if err := kube.Get(ctx, client.ObjectKey{Name: o.Tenant}, &tenant); err != nil {
		return "", err
	}
	if tenant.Status.Placement == nil || tenant.Status.Placement.Compute == "" {
		return "", fmt.Errorf("the tenant %s has no place yet: kubectl wait --for=condition=Ready tenant/%s", o.Tenant, o.Tenant)
	}
	cell := tenant.Status.Placement.Compute
	var pods corev1.PodList
	if err := kube.List(ctx, &pods, client.InNamespace(desired.RuntimeNamespace(cell)), client.MatchingLabels(desired.RuntimePod(cell))); err != nil {
		return "", err
	}
	i := slices.IndexFunc(pods.Items, ready)
	if i < 0 {
		return "", fmt.Errorf("no pod that serves %s is Ready in this cluster: if it is in another one, give --url with its address (%s)", o.Tenant, tenant.Status.Endpoint)
	}
	config, err := o.Config()
	if err != nil {
		return "", err
	}
	address, err := podport.Forward(ctx, config, pods.Items[i].Namespace, pods.Items[i].Name, binding.PortAPI)
	return "http://" + address, err
}

func ready(pod corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}
