package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// tenant is one of the two sample customers.
type tenant struct {
	name      string
	api       api
	documents map[string][]byte // by file name
	questions []question
}

// question has an answer in one tenant's documents and none in the other's.
type question struct{ Tenant, Question, Expect string }

func (d *demo) makeTenants(ctx context.Context, log io.Writer) error {
	if err := d.readSamples(); err != nil {
		return err
	}
	if err := d.apply(ctx, log, samples+"/tenant-acme.yaml", samples+"/tenant-globex.yaml"); err != nil {
		return err
	}
	return d.ready(ctx, log, "tenant", time.Minute, "acme", "globex")
}

// open forwards the runtime's Service to this machine and reads the tenants' keys.
func (d *demo) open(ctx context.Context) (stop func(), err error) {
	if d.url, stop, err = d.cluster.Forward(ctx, runtimeNamespace, "runtime", 80); err != nil {
		return nil, err
	}
	for _, t := range d.tenants {
		if t.api, err = d.login(ctx, t.name); err != nil {
			stop()
			return nil, err
		}
	}
	port := d.url[strings.LastIndex(d.url, ":"):]
	d.screen.typed(fmt.Sprintf("kubectl port-forward -n %s service/runtime %s:80 &", runtimeNamespace, port[1:]))
	d.screen.typed(keyLine("KEY", "acme"))
	return stop, nil
}

// login reads a tenant's API key where the operator left it for hand-over.
func (d *demo) login(ctx context.Context, name string) (api, error) {
	encoded, err := d.cluster.Kubectl(ctx, "get", "secret", "-n", credentials, name, "-o", "jsonpath={.data.apiKey}")
	if err != nil {
		return api{}, fmt.Errorf("the API key of %s (once collected it is gone; raise spec.credentialGeneration for another): %w", name, err)
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err == nil && len(key) == 0 {
		err = errors.New("it is empty")
	}
	if err != nil {
		return api{}, fmt.Errorf("key apiKey of the Secret %s/%s: %w", credentials, name, err)
	}
	return api{url: d.url, key: string(key)}, nil
}

func keyLine(variable, tenant string) string {
	return fmt.Sprintf("%s=$(kubectl get secret -n %s %s -o jsonpath='{.data.apiKey}' | base64 -d)", variable, credentials, tenant)
}

// readSamples reads both tenants' documents and the questions about them.
func (d *demo) readSamples() error {
	folder := filepath.Join(d.cluster.Repo, samples, "documents")
	content, err := os.ReadFile(filepath.Join(folder, "questions.json"))
	if err != nil {
		return err
	}
	var questions []question
	if err := json.Unmarshal(content, &questions); err != nil {
		return fmt.Errorf("questions.json: %w", err)
	}
	for _, name := range []string{"acme", "globex"} {
		documents, err := readFolder(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		t := &tenant{name: name, documents: documents}
		for _, q := range questions {
			if q.Tenant == name {
				t.questions = append(t.questions, q)
			}
		}
		d.tenants = append(d.tenants, t)
	}
	return nil
}

func readFolder(folder string) (map[string][]byte, error) {
	files, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	documents := map[string][]byte{}
	for _, file := range files {
		if documents[file.Name()], err = os.ReadFile(filepath.Join(folder, file.Name())); err != nil {
			return nil, err
		}
	}
	return documents, nil
}
