package main

import (
	"strings"
	"testing"
)

func TestCountWrites(t *testing.T) {
	const operator = "system:serviceaccount:bulkhead-system:bulkhead-manager"
	log := strings.Join([]string{
		`{"verb":"patch","user":{"username":"` + operator + `"},"objectRef":{"resource":"tenants","subresource":"status"}}`,
		`{"verb":"patch","user":{"username":"` + operator + `"},"objectRef":{"resource":"tenants","subresource":"status"}}`,
		`{"verb":"get","user":{"username":"` + operator + `"},"objectRef":{"resource":"tenants"}}`,
		`{"verb":"update","user":{"username":"` + operator + `"},"objectRef":{"resource":"leases"}}`,
		`{"verb":"create","user":{"username":"kubernetes-admin"},"objectRef":{"resource":"tenants"}}`,
		`{"verb":"create","user":{"username":"` + operator + `"},"objectRef":{"resource":"sec`, // still being written
	}, "\n")
	got, err := countWrites(strings.NewReader(log), "system:serviceaccount:bulkhead-system")
	if err != nil {
		t.Fatal(err)
	}
	want := write{operator, "patch", "tenants/status"}
	if len(got) != 1 || got[want] != 2 {
		t.Errorf("got %v, want only %v twice", got, want)
	}
	all, err := countWrites(strings.NewReader(log), "")
	if err != nil || len(all) != 2 {
		t.Errorf("without a user: %v, %v; want two kinds of write", all, err)
	}
}
