package model_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/model"
	"github.com/bulkhead-dev/bulkhead/runtime/outgoing"
)

const vector = `{"data":[{"index":0,"embedding":[3,4]}]}`

// embedOne asks for one vector within a limit of time, and returns how long it took
// and how often d was asked.
func embedOne(t *testing.T, limit time.Duration, d doer) (took time.Duration, asked int, err error) {
	t.Helper()
	counted := doer(func(r *http.Request) (reply, error) { asked++; return d(r) })
	e, err := model.NewEmbedder(counted, model.EmbedderConfig{
		Endpoint: model.Endpoint{URL: "https://models.example", Model: "m"}, Dimensions: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	start := time.Now()
	_, err = e.Embed(ctx, []string{"a"})
	return time.Since(start), asked, err
}

// after fails n times and then answers.
func after(n int, failure reply, err error) doer {
	return func(*http.Request) (reply, error) {
		if n--; n >= 0 {
			return failure, err
		}
		return reply{status: http.StatusOK, body: strings.NewReader(vector)}, nil
	}
}

// says fails n times with a status and then answers.
func says(n, status int, retryAfter string) doer {
	return after(n, reply{status: status, retryAfter: retryAfter}, nil)
}

func TestRetries(t *testing.T) {
	for name, c := range map[string]struct {
		doer     doer
		from, to time.Duration
	}{
		"overloaded":  {says(2, http.StatusServiceUnavailable, ""), 750 * time.Millisecond, 1500 * time.Millisecond},
		"limited":     {says(1, http.StatusTooManyRequests, ""), 250 * time.Millisecond, 500 * time.Millisecond},
		"seconds":     {says(1, http.StatusTooManyRequests, "7"), 7250 * time.Millisecond, 7500 * time.Millisecond},
		"nonsense":    {says(1, http.StatusBadGateway, "soon"), 250 * time.Millisecond, 500 * time.Millisecond},
		"past":        {says(1, http.StatusBadGateway, "Mon, 01 Jan 1990 00:00:00 GMT"), 250 * time.Millisecond, 500 * time.Millisecond},
		"unreachable": {after(1, reply{}, outgoing.ErrUnreachable), time.Second, 4 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				took, _, err := embedOne(t, time.Minute, c.doer)
				if err != nil || took < c.from || took > c.to {
					t.Errorf("took %s, %v", took, err)
				}
			})
		})
	}
}

func TestRetryAfterIsADate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		date := time.Now().Add(20 * time.Second).UTC().Format(http.TimeFormat)
		if took, _, err := embedOne(t, time.Minute, says(1, http.StatusTooManyRequests, date)); err != nil || took < 20*time.Second || took > 21*time.Second {
			t.Errorf("took %s, %v", took, err)
		}
	})
}

func TestRetriesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		took, asked, err := embedOne(t, time.Minute, says(100, http.StatusInternalServerError, ""))
		fails(t, "always down", err, model.ErrOverloaded, "ask again later")
		if asked != 4 || took > 4*time.Second {
			t.Errorf("asked %d times in %s", asked, took)
		}
	})
}

func TestNoWaitBeyondTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		took, asked, err := embedOne(t, 5*time.Second, says(1, http.StatusTooManyRequests, "5"))
		fails(t, "too late", err, model.ErrOverloaded, "ask again later")
		var failure *model.Error
		if !errors.As(err, &failure) || failure.RetryAfter != 5*time.Second || asked != 1 || took != 0 {
			t.Errorf("asked %d times in %s, then %+v", asked, took, failure)
		}
	})
}

func TestOutageIsNotStormed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		down := doer(func(*http.Request) (reply, error) { asked++; return reply{}, outgoing.ErrUnreachable })
		e, err := model.NewEmbedder(down, model.EmbedderConfig{Endpoint: model.Endpoint{URL: "https://models.example", Model: "m"}, Dimensions: 2})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		for range 20 {
			_, err := e.Embed(ctx, []string{"a"})
			fails(t, "down", err, model.ErrUnreachable, "")
		}
		if asked != 1 {
			t.Errorf("asked %d times", asked)
		}
	})
}
