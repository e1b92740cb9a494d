package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
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
	return count(file, user)
}

// count reads an audit log. Whatever is no read is a write, but for leases: they are renewed for as long
// as a leader lives.
func count(log io.Reader, user string) (tally, error) {
	found := tally{writes: map[string]int{}}
	lines := bufio.NewReader(log)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return found, nil // a line without its end is still being written
		}
		if err != nil {
			return found, err
		}
		var e struct {
			Verb      string
			User      struct{ Username string }
			ObjectRef struct{ Resource, Subresource string }
		}
		if err := json.Unmarshal(line, &e); err != nil {
			return found, fmt.Errorf("read the audit log: %w", err)
		}
		if e.User.Username != user || e.ObjectRef.Resource == "leases" {
			continue
		}
		found.requests++
		if !slices.Contains([]string{"get", "list", "watch"}, e.Verb) {
			found.writes[strings.TrimSuffix(e.Verb+" "+e.ObjectRef.Resource+"/"+e.ObjectRef.Subresource, "/")]++
		}
	}
}

func lineCount(text string) int { return len(strings.Fields(text)) }
