package auditlog

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func TestRequests(t *testing.T) {
	l := &Log{Path: filepath.Join(t.TempDir(), "audit.log")}
	expect := func(want ...string) {
		t.Helper()
		var got []string
		if err := l.Requests(func(r Request) { got = append(got, r.String()) }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	appendTo(t, l.Path, `{"verb":"create","objectRef":{"resource":"cells"}}`+"\n")
	if err := l.Skip(); err != nil {
		t.Fatal(err)
	}
	expect()
	appendTo(t, l.Path, `{"verb":"patch","objectRef":{"resource":"tenants","subresource":"status"}}`+"\n"+
		`{"verb":"update","objectRef":{"resource":"leases"}}`+"\n"+`{"verb":"list","objectRef":{`)
	expect("patch tenants/status")
	appendTo(t, l.Path, `"resource":"plans"},"responseStatus":{"code":403}}`+"\n")
	expect("list plans (403)")
	expect()

	if err := os.WriteFile(l.Path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if l.Requests(func(Request) {}) == nil {
		t.Error("a log that has begun anew is no error")
	}
}

func TestWrites(t *testing.T) {
	for verb, want := range map[string]bool{"get": false, "list": false, "watch": false, "create": true, "patch": true, "deletecollection": true} {
		if got := (Request{Verb: verb}).Writes(); got != want {
			t.Errorf("%s writes: %v", verb, got)
		}
	}
}
