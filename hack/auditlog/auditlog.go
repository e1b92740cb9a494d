// Package auditlog reads the API server's audit log.
package auditlog

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Request is what the log says of one request.
type Request struct {
	Verb      string
	User      struct{ Username string }
	ObjectRef struct{ Resource, Subresource string }
}

// Writes says whether the request did not only read.
func (r Request) Writes() bool { return !slices.Contains([]string{"get", "list", "watch"}, r.Verb) }

// Resource is what the request was about, as in tenants/status.
func (r Request) Resource() string {
	return strings.TrimSuffix(r.ObjectRef.Resource+"/"+r.ObjectRef.Subresource, "/")
}

// Each visits the requests of a log, but for those about leases: they are renewed for as long as a leader
// lives.
func Each(log io.Reader, visit func(Request)) error {
	lines := bufio.NewReader(log)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // a line without its end is still being written
		}
		if err != nil {
			return err
		}
		var r Request
		if err := json.Unmarshal(line, &r); err != nil {
			return fmt.Errorf("read the audit log: %w", err)
		}
		if r.ObjectRef.Resource != "leases" {
			visit(r)
		}
	}
}
