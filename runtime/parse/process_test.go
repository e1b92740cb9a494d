package parse

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// strangers are children that do what a child does not that is still its own master.
var strangers = map[string]func(){
	"hang":    func() { time.Sleep(time.Hour) },
	"flood":   func() { _, _ = os.Stdout.Write(make([]byte, maxFrame+1)) },
	"garbage": func() { fmt.Print("no frame") },
	"lie":     func() { fmt.Print("\ntitle\u202e\x00\npay \u202e001\xff") },
	"tell": func() {
		fmt.Print("\n\n", strings.Join(os.Environ(), "\n"), "\n")
		files, err := os.ReadDir("/proc/self/fd")
		for _, file := range files {
			target, _ := os.Readlink("/proc/self/fd/" + file.Name()) // the directory itself is closed by now
			fmt.Println(file.Name(), target)
		}
		fmt.Println(err)
	},
}

// ask has a stranger read a file.
func ask(ctx context.Context, stranger string, wait time.Duration) (Text, error) {
	p := New(Config{Program: "/proc/self/exe", Arguments: []string{stranger}})
	p.wait = wait
	return p.Parse(ctx, mediaHTML, []byte("<p>x"))
}

// TestStrangers has children that say anything: the parent takes it as it would take
// the file.
func TestStrangers(t *testing.T) {
	for stranger, test := range map[string]struct {
		wait time.Duration
		want Reason
	}{
		"hang": {100 * time.Millisecond, TimedOut}, "flood": {maxWait, TooLarge}, "garbage": {maxWait, Malformed},
	} {
		_, err := ask(t.Context(), stranger, test.wait)
		if e := (*Error)(nil); !errors.As(err, &e) || e.Reason != test.want {
			t.Errorf("%s: %v, want %s", stranger, err, test.want)
		}
	}
	text, err := ask(t.Context(), "lie", maxWait)
	if err != nil || text.Title != "title" || text.Body != "pay 001\ufffd" {
		t.Errorf("lie: %+v, %v", text, err)
	}
}

// TestCallerGivesUp ends the child with its caller, whose error it is.
func TestCallerGivesUp(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := ask(ctx, "hang", maxWait); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

// TestInheritance shows that a child gets nothing of its parent: no variable, and no
// file but its three pipes.
func TestInheritance(t *testing.T) {
	t.Setenv("VAULT_TOKEN", "secret")
	file, err := syscall.Open("/etc/passwd", syscall.O_RDONLY, 0) // as a C library opens it, for children too
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(file) }()
	text, err := ask(t.Context(), "tell", maxWait)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(text.Body), "\n")
	for i, want := range environment {
		if lines[i] != want {
			t.Errorf("variable %q, want %q", lines[i], want)
		}
	}
	pipes := 0
	for _, line := range lines[len(environment):] {
		_, target, _ := strings.Cut(line, " ")
		switch {
		case strings.HasPrefix(target, "pipe:"):
			pipes++
		case strings.HasPrefix(target, "anon_inode:"), strings.HasPrefix(target, "/sys/fs/cgroup/"), target == "", line == "<nil>": // its own
		default:
			t.Errorf("the child has %q open", line)
		}
	}
	if pipes != 3 {
		t.Errorf("%d pipes:\n%s", pipes, text.Body)
	}
}
