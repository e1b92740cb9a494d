package main

import (
	"testing"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
)

// TestStatusRunning: a cluster that is not well runs all the same, and is not to be stopped under its owner.
func TestStatusRunning(t *testing.T) {
	cluster := state.Cluster{Name: "x", Dir: t.TempDir()}
	status := func(args ...string) error {
		command := command()
		command.SetArgs(append([]string{"--state", cluster.Dir, "status"}, args...))
		return command.ExecuteContext(t.Context())
	}
	if status("--running") == nil {
		t.Error("runs without a supervisor")
	}
	supervisor, err := cluster.Claim(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer supervisor.Close()
	if err := status("--running"); err != nil {
		t.Errorf("does not run with a supervisor: %v", err)
	}
	if status() == nil {
		t.Error("is well, though it has nothing but a supervisor")
	}
}
