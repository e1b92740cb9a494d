package scale

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func newLog(t *testing.T) *auditLog {
	t.Helper()
	return &auditLog{path: filepath.Join(t.TempDir(), "audit.log")}
}

func (l *auditLog) write(t *testing.T, lines ...string) {
	t.Helper()
	file, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(strings.Join(lines, "\n")); err != nil {
		t.Fatal(err)
	}
}

func asked(user, verb, resource, subresource string) string {
	return fmt.Sprintf(`{"verb":%q,"user":{"username":%q},"objectRef":{"resource":%q,"subresource":%q}}`, verb, user, resource, subresource)
}

func TestReadAPI(t *testing.T) {
	const pods = "system:serviceaccount:bulkhead-a:runtime"
	log := newLog(t)
	log.write(t,
		asked(operatorUser, "patch", "tenants", ""), asked(operatorUser, "patch", "tenants", "status"), asked(operatorUser, "create", "secrets", ""),
		asked(operatorUser, "patch", "secrets", ""), asked(operatorUser, "patch", "cells", "status"), // of cells
		asked(operatorUser, "list", "secrets", ""), asked(operatorUser, "watch", "tenants", ""), asked(operatorUser, "update", "leases", ""),
		asked(pods, "update", "configmaps", ""), asked("kubernetes-admin", "create", "tenants", ""), `{"verb":"crea`)
	operator, runtime, err := log.readAPI()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(counts{"patch tenants": 1, "patch tenants/status": 1, "create secrets": 1}, operator.tenantWrites); diff != "" {
		t.Error(diff)
	}
	if operator.cellWrites.sum() != 2 || operator.writes() != 5 || operator.reads.sum() != 1 || operator.watches.sum() != 1 || runtime.writes() != 1 {
		t.Errorf("operator %+v, runtime %+v", operator, runtime)
	}

	log.write(t, `te","user":{"username":"`+operatorUser+`"},"objectRef":{"resource":"secrets"}}`, "")
	if operator, _, err = log.readAPI(); err != nil || operator.writes() != 1 {
		t.Errorf("only what is new counts: %+v, %v", operator, err)
	}
}

func TestReadVault(t *testing.T) {
	const id = "e6d6dd69-92b6-45ef-8da6-a93d66e59d73"
	call := func(kind, role, operation, path string) string {
		return fmt.Sprintf(`{"type":%q,"auth":{"metadata":{"role":%q}},"request":{"operation":%q,"path":%q}}`, kind, role, operation, path)
	}
	log := newLog(t)
	log.write(t,
		call("response", "bulkhead-operator", "update", "auth/kubernetes/login"),
		call("request", "bulkhead-operator", "update", "transit/keys/t-"+id), call("response", "bulkhead-operator", "update", "transit/keys/t-"+id),
		call("response", "bulkhead-operator", "create", "auth/kubernetes/role/bulkhead-t-"+id),
		call("response", "bulkhead-t-"+id, "update", "auth/kubernetes/login"), call("response", "bulkhead-t-"+id, "update", "transit/encrypt/t-"+id),
		call("response", "", "read", "sys/pprof/profile"), "")
	operator, runtime, err := log.readVault()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(counts{"update transit/keys": 1, "create auth/kubernetes/role": 1}, operator); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(counts{"update auth/kubernetes/login": 1, "update transit/encrypt": 1}, runtime); diff != "" {
		t.Error(diff)
	}
}

func TestCounts(t *testing.T) {
	if got := (counts{"b": 2, "a": 2, "c": 9}).String(); got != "c 9, a 2, b 2" {
		t.Error(got)
	}
	if got := (counts)(nil).String(); got != "none" {
		t.Error(got)
	}
}
