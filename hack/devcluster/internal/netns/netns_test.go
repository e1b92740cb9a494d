package netns

import (
	"os"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// TestRunSparesTheFirstThread: it cannot be ended, and would keep the namespace that it has entered.
func TestRunSparesTheFirstThread(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("entering a network namespace needs root, as the devcluster does")
	}
	namespace, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	defer namespace.Close()
	var runs sync.WaitGroup
	for range 200 {
		runs.Go(func() {
			_ = Run(namespace, func() error {
				if unix.Gettid() == unix.Getpid() {
					t.Error("it ran on the first thread")
				}
				return nil
			})
		})
	}
	runs.Wait()
}
