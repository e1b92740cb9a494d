package state

import (
	"sync"
	"testing"
)

func TestNew(t *testing.T) {
	tests := []struct {
		dir string
		ok  bool
	}{
		{"/home/me/bulkhead/.devcluster", true},
		{"/tmp/cluster", true},
		{"/running/cluster", true},
		{"/run/cluster", false},
		{"/var/lib/bulkhead", false},
		{"/var/log", false},
	}
	for _, tt := range tests {
		if _, err := New("test", tt.dir); (err == nil) != tt.ok {
			t.Errorf("New(%q) = %v, want ok: %v", tt.dir, err, tt.ok)
		}
	}
}

func TestNewKeepsTheName(t *testing.T) {
	dir := t.TempDir()
	first, err := New("blue", dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Save(Settings{Name: "blue"}); err != nil {
		t.Fatal(err)
	}
	if again, err := New("", dir); err != nil || again.Name != "blue" {
		t.Errorf("without a name: %q, %v; want blue", again.Name, err)
	}
	if _, err := New("green", dir); err == nil {
		t.Error("another name was taken for the same directory")
	}
	if unnamed, err := New("", t.TempDir()); err != nil || unnamed.Name != DefaultName {
		t.Errorf("a new cluster without a name: %q, %v; want %s", unnamed.Name, err, DefaultName)
	}
}

func TestIDsDiffer(t *testing.T) {
	one, two := Cluster{Name: "x", Dir: "/a"}, Cluster{Name: "x", Dir: "/b"}
	if one.ID() == two.ID() {
		t.Errorf("two state directories share the id %s", one.ID())
	}
	if one.ID() != (Cluster{Name: "x", Dir: "/a"}).ID() {
		t.Error("an id is not stable")
	}
}

func TestSupervisorIsAliveWhileItHoldsTheLock(t *testing.T) {
	cluster := Cluster{Name: "x", Dir: t.TempDir()}
	alive := func() bool {
		pid, err := cluster.Supervisor()
		if err != nil {
			t.Fatal(err)
		}
		return pid != 0
	}
	if alive() {
		t.Error("alive before it was ever started")
	}
	claim, err := cluster.Claim(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !alive() {
		t.Error("not alive while it holds the lock")
	}
	_ = claim.Close()
	if alive() {
		t.Error("alive after it let go, though its file is still there")
	}
}

// TestClaimWhileOthersLook: who looks whether a supervisor is alive must not keep one from starting.
func TestClaimWhileOthersLook(t *testing.T) {
	cluster := Cluster{Name: "x", Dir: t.TempDir()}
	stop := make(chan struct{})
	var looking sync.WaitGroup
	looking.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_, _ = cluster.Supervisor() // between two states of the file it may fail
			}
		}
	})
	for range 500 {
		claim, err := cluster.Claim(t.Context())
		if err != nil {
			t.Error(err)
			break
		}
		_ = claim.Close()
	}
	close(stop)
	looking.Wait()
}

func TestClaimIsOfOne(t *testing.T) {
	cluster := Cluster{Name: "x", Dir: t.TempDir()}
	claim, err := cluster.Claim(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer claim.Close()
	if second, err := cluster.Claim(t.Context()); err == nil {
		_ = second.Close()
		t.Error("two supervisors of one cluster")
	}
}
