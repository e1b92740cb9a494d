package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/bulkhead-dev/bulkhead/hack/auditlog"
)

// mark is a place in an audit log.
type mark struct {
	path   string
	offset int64
}

// auditMark is the end of the log as it is now.
func auditMark(path string) (mark, error) {
	info, err := os.Stat(path)
	if err != nil {
		return mark{}, fmt.Errorf("the API server's audit log (is the devcluster up?): %w", err)
	}
	return mark{path, info.Size()}, nil
}

// tally is what one user did.
type tally struct {
	requests int
	writes   map[string]int // by verb and resource
}

func (t tally) total() int {
	sum := 0
	for _, n := range t.writes {
		sum += n
	}
	return sum
}

// tally counts what a user did since the mark.
func (m mark) tally(user string) (tally, error) {
	file, err := os.Open(m.path)
	if err != nil {
		return tally{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return tally{}, err
	}
	if info.Size() < m.offset {
		return tally{}, errors.New("the audit log was rotated in the meantime; measure again")
	}
	if _, err := file.Seek(m.offset, io.SeekStart); err != nil {
		return tally{}, err
	}
	found := tally{writes: map[string]int{}}
	err = auditlog.Each(file, func(r auditlog.Request) {
		if r.User.Username != user {
			return
		}
		found.requests++
		if r.Writes() {
			found.writes[r.Verb+" "+r.Resource()]++
		}
	})
	return found, err
}

func lineCount(text string) int { return len(strings.Fields(text)) }
