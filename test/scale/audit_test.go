package scale

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulkhead-dev/bulkhead/test/auditlog"
)

func newLog(t *testing.T, lines ...string) *auditlog.Log {
	t.Helper()
	log := &auditlog.Log{Path: filepath.Join(t.TempDir(), "audit.log")}
	if err := os.WriteFile(log.Path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return log
}

func asked(user, verb, resource, subresource string) string {
	return fmt.Sprintf(`{"verb":%q,"user":{"username":%q},"objectRef":{"resource":%q,"subresource":%q}}`, verb, user, resource, subresource)
}

func TestReadAPI(t *testing.T) {
	const pods = "system:serviceaccount:bulkhead-a:runtime"
	log := newLog(t,
		asked(operatorUser, "patch", "tenants", ""), asked(operatorUser, "patch", "tenants", "status"), asked(operatorUser, "create", "secrets", ""),
		asked(operatorUser, "patch", "secrets", ""), asked(operatorUser, "patch", "cells", "status"), // of cells
		asked(operatorUser, "list", "secrets", ""), asked(operatorUser, "watch", "tenants", ""), asked(operatorUser, "update", "leases", ""),
		asked(pods, "update", "configmaps", ""), asked("kubernetes-admin", "create", "tenants", ""))
	operator, runtime, err := readAPI(log)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(counts{"patch tenants": 1, "patch tenants/status": 1, "create secrets": 1}, operator.tenantWrites); diff != "" {
		t.Error(diff)
	}
	if operator.cellWrites.sum() != 2 || operator.writes() != 5 || operator.reads.sum() != 1 || operator.watches.sum() != 1 || runtime.writes() != 1 {
		t.Errorf("operator %+v, runtime %+v", operator, runtime)
	}
}

func TestReadVault(t *testing.T) {
	const id = "e6d6dd69-92b6-45ef-8da6-a93d66e59d73"
	call := func(kind, role, operation, path string) string {
		return fmt.Sprintf(`{"type":%q,"auth":{"metadata":{"role":%q}},"request":{"operation":%q,"path":%q}}`, kind, role, operation, path)
	}
	log := newLog(t,
		call("response", "bulkhead-operator", "update", "auth/kubernetes/login"),
		call("request", "bulkhead-operator", "update", "transit/keys/t-"+id), call("response", "bulkhead-operator", "update", "transit/keys/t-"+id),
		call("response", "bulkhead-operator", "create", "auth/kubernetes/role/bulkhead-t-"+id),
		call("response", "bulkhead-t-"+id, "update", "auth/kubernetes/login"), call("response", "bulkhead-t-"+id, "update", "transit/encrypt/t-"+id),
		call("response", "", "read", "sys/pprof/profile"))
	operator, runtime, err := readVault(log)
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
