//go:build bench

package scale

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
)

var (
	sizes   = flag.String("tenants", "100,1000,10000", "how many tenants to make, a case each")
	steady  = flag.Duration("steady", 10*time.Minute, "how long to count what an operator does that has nothing to do")
	profile = flag.String("profile", "", "directory for the operator's profiles: its CPU while tenants are made, its heap after it")
)

// TestOperator measures; it fails when a figure is worse than it may be.
func TestOperator(t *testing.T) {
	interrupted, stop := signal.NotifyContext(t.Context(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ctrl.SetLogger(logr.Discard()) // the operator has a log of its own
	for _, size := range strings.Split(*sizes, ",") {
		n, err := strconv.Atoi(size)
		if err != nil || n < 1 {
			t.Fatalf("-tenants %q: give numbers of tenants, such as 100,1000", *sizes)
		}
		t.Run(size, func(t *testing.T) {
			ctx, fail := context.WithCancelCause(interrupted)
			defer fail(nil)
			s, err := newScene(ctx, t, fail, n)
			if err != nil {
				t.Fatal(err)
			}
			b := &bench{scene: s, figures: figures{out: os.Stdout, tenants: n}, steady: *steady, profile: *profile}
			if err := b.measure(ctx); err != nil {
				t.Errorf("%v\n%s", err, tail(s.operator.log(), 40))
			}
			for _, unmet := range b.figures.unmet {
				t.Error(unmet)
			}
		})
	}
}

func tail(path string, lines int) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(content)), "\n")
	return fmt.Sprintf("the end of the operator's log:\n%s", strings.Join(all[max(len(all)-lines, 0):], "\n"))
}
