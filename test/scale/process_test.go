package scale

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestProcess(t *testing.T) {
	before, err := cpu(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < 5*time.Second; {
		if after, err := cpu(os.Getpid()); err != nil || after > before {
			break
		}
	}
	if after, err := cpu(os.Getpid()); err != nil || after <= before {
		t.Errorf("a busy process used %s, %v", after-before, err)
	}
	if rss, err := peakRSS(os.Getpid()); err != nil || rss < 1 || rss > 10_000 {
		t.Errorf("peak RSS %f MiB, %v", rss, err)
	}
}

func TestChild(t *testing.T) {
	sleep := exec.CommandContext(t.Context(), "sleep", "60")
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sleep.Process.Kill(); _ = sleep.Wait() }()
	if pid, err := child("sleep"); err != nil || pid != sleep.Process.Pid {
		t.Errorf("found %d, %v; want %d", pid, err, sleep.Process.Pid)
	}
	if pid, err := child("no-such-program"); err == nil {
		t.Errorf("found %d", pid)
	}
}
