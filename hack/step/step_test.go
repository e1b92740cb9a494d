package step

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRunOutput(t *testing.T) {
	broken := errors.New("no such registry")
	tests := []struct {
		name    string
		limit   time.Duration
		do      Func
		want    []string // regular expressions, in order
		wantErr error
	}{{
		name:  "success prints start and done",
		limit: time.Minute,
		do:    func(context.Context, io.Writer) error { return nil },
		want:  []string{`start\s+load images`, `done\s+load images\s+\(in \d+\.\ds\)`},
	}, {
		name:  "failure prints the tail of the log and where it is",
		limit: time.Minute,
		do: func(_ context.Context, log io.Writer) error {
			fmt.Fprint(log, "one\ntwo\nhalf a line")
			return broken
		},
		want:    []string{`start`, `FAILED load images  \(after .*: no such registry\)`, `\| one`, `\| two`, `\| half a line`, `log: .*load-images\.log`},
		wantErr: broken,
	}, {
		name:  "a long step shows its last line",
		limit: time.Minute,
		do: func(_ context.Context, log io.Writer) error {
			fmt.Fprintln(log, "compiling net/http")
			time.Sleep(heartbeat + time.Second)
			return nil
		},
		want: []string{`start`, `still\s+load images\s+\(.*compiling net/http\)`, `done`},
	}, {
		name:  "a step that outlives its limit says so",
		limit: 10 * time.Millisecond,
		do: func(ctx context.Context, _ io.Writer) error {
			<-ctx.Done()
			return ctx.Err()
		},
		want:    []string{`FAILED .*not finished within 10ms`},
		wantErr: context.DeadlineExceeded,
	}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				if err := New(&out, t.TempDir()).Run(t.Context(), "load images", tt.limit, tt.do); !errors.Is(err, tt.wantErr) {
					t.Errorf("error %v, want %v", err, tt.wantErr)
				}
				if !regexp.MustCompile(`(?s)` + strings.Join(tt.want, `.*`)).MatchString(out.String()) {
					t.Errorf("output does not match %q:\n%s", tt.want, out.String())
				}
			})
		})
	}
}

func TestFailureKeepsWholeLogInFile(t *testing.T) {
	var out bytes.Buffer
	err := New(&out, t.TempDir()).Run(t.Context(), "Long One!", time.Minute, func(_ context.Context, log io.Writer) error {
		for i := range 100 {
			fmt.Fprintf(log, "line %d\n", i)
		}
		return errors.New("stop")
	})
	var failed *Error
	if !errors.As(err, &failed) {
		t.Fatalf("error %v is not a step.Error", err)
	}
	kept, readErr := os.ReadFile(failed.Log)
	if readErr != nil || strings.Count(string(kept), "\n") != 100 {
		t.Errorf("log file holds %d lines (%v), want 100", strings.Count(string(kept), "\n"), readErr)
	}
	if strings.Contains(out.String(), "| line 79\n") || !strings.Contains(out.String(), "| line 80\n") {
		t.Errorf("want exactly the last %d lines shown:\n%s", tailLines, out.String())
	}
}

func TestSeconds(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                       "0.0s",
		1490 * time.Millisecond: "1.5s",
		61 * time.Second:        "1m01s",
		12 * time.Minute:        "12m00s",
	} {
		if got := seconds(d); got != want {
			t.Errorf("seconds(%v) = %q, want %q", d, got, want)
		}
	}
}
