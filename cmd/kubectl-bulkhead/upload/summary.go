package upload

import (
	"cmp"
	"fmt"
	"io"
	"slices"
)

// Summary is what came of the files.
type Summary struct {
	Completed int // new or changed documents
	Unchanged int // documents that were there already
	Planned   int // files that a dry run would send
	Skipped   int // files of types that are not read
	Failures  []Failure
}

// Failure is a file that became no document.
type Failure struct{ Name, Code, Message string }

func (s *Summary) fail(name string, why *reason) {
	if why == nil {
		why = &reason{Code: "unknown", Message: "The server does not say why."}
	}
	s.Failures = append(s.Failures, Failure{name, why.Code, why.Message})
}

// Text writes the summary for people.
func (s *Summary) Text(out io.Writer) error {
	slices.SortFunc(s.Failures, func(a, b Failure) int { return cmp.Compare(a.Name, b.Name) })
	for _, f := range s.Failures {
		if _, err := fmt.Fprintf(out, "failed  %s  %s: %s\n", f.Name, f.Code, f.Message); err != nil {
			return err
		}
	}
	if s.Planned > 0 {
		_, err := fmt.Fprintf(out, "%d files would be sent, %d are of types that are not read.\n", s.Planned, s.Skipped)
		return err
	}
	_, err := fmt.Fprintf(out, "%d documents new or changed, %d unchanged, %d failed; %d files are of types that are not read.\n",
		s.Completed, s.Unchanged, len(s.Failures), s.Skipped)
	return err
}
