package auditlog

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Request is one request in the API server's log.
type Request struct {
	Verb           string
	User           struct{ Username string }
	ObjectRef      struct{ Resource, Subresource, Namespace, Name string }
	ResponseStatus struct{ Code int }
}

// String is the verb and the resource, as in "patch tenants/status", and what was
// wrong with the request, if anything was.
func (r Request) String() string {
	text := strings.TrimSuffix(r.Verb+" "+r.ObjectRef.Resource+"/"+r.ObjectRef.Subresource, "/")
	if r.ResponseStatus.Code >= http.StatusBadRequest {
		text += fmt.Sprintf(" (%d)", r.ResponseStatus.Code)
	}
	return text
}

// Writes says whether the request did not only read.
func (r Request) Writes() bool { return !slices.Contains([]string{"get", "list", "watch"}, r.Verb) }

// Requests visits the API server's requests since the last call, but for those about leases, which a leader
// renews for as long as it lives.
func (l *Log) Requests(visit func(Request)) error {
	return l.Each(func(line []byte) error {
		var r Request
		if err := json.Unmarshal(line, &r); err != nil {
			return err
		}
		if r.ObjectRef.Resource != "leases" {
			visit(r)
		}
		return nil
	})
}
