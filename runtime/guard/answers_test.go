package guard_test

import (
	"errors"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/guard"
)

func TestAnswersByModels(t *testing.T) {
	l := guard.NewLimits(32, 1, 1000) // 16 answers, 4 of one tenant
	var done []func()
	for range 4 {
		w := tenant(1, 1)
		for i := range 5 {
			end, err := l.Answer(w)
			if i == 4 {
				if !errors.Is(err, guard.ErrConcurrency) {
					t.Errorf("a fifth of one tenant: %v", err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			done = append(done, end)
		}
	}
	other := tenant(1, 1)
	if _, err := l.Answer(other); !errors.Is(err, guard.ErrLoad) {
		t.Errorf("a seventeenth: %v", err)
	}
	if _, err := l.Hold(other); err != nil {
		t.Errorf("what needs no model: %v", err)
	}
	done[0]()
	if _, err := l.Answer(other); err != nil {
		t.Errorf("after one ended: %v", err)
	}
}
