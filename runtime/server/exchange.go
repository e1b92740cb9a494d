package server

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/bulkhead-dev/bulkhead/runtime/audit"
	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/guard"
)

// exchange is one request and its response.
type exchange struct {
	server *Server
	route  Route
	w      http.ResponseWriter
	r      *http.Request
	id     string

	caller guard.Identity
	access *audit.Access // nil before begin
	status int           // zero before something was written
	code   string        // of an error
}

// begin commits the audit intent. Nothing of the tenant can be read or changed
// without the request it returns.
func (x *exchange) begin(object, query string) (corpus.Request, error) {
	record := audit.Record{Request: x.id, Principal: x.caller.KeyID, Object: object, Query: query}
	access, err := x.caller.Tenant.Lane.Begin(x.r.Context(), x.route.Name, record)
	if err != nil {
		return corpus.Request{}, err
	}
	x.access = access
	return corpus.Request{Tenant: x.caller.Tenant, Access: access}, nil
}

// end records the result of an access that began.
func (x *exchange) end() {
	if x.access != nil {
		x.access.End(x.status)
	}
}

// reply writes a JSON response, if the keys may still be used.
func (x *exchange) reply(status int, body any) error {
	if err := x.caller.Tenant.Keys.Check(); err != nil {
		return err
	}
	return x.write(status, body)
}

func (x *exchange) write(status int, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	x.w.Header().Set("Content-Type", "application/json")
	x.header(status)
	_, _ = x.w.Write(append(text, '\n')) // a client that left is no error of ours
	return nil
}

func (x *exchange) header(status int) {
	x.status = status
	x.w.WriteHeader(status)
}

// fail writes an error, unless the response has begun.
func (x *exchange) fail(err error) {
	p := problemOf(err)
	x.code = p.code
	if p.status >= http.StatusInternalServerError {
		x.server.Log.Error("request failed", "request", x.id, "tenant", x.tenantID(), "code", p.code, "error", err.Error())
	}
	if x.status != 0 {
		return // cut short: the length that was announced tells the client
	}
	if p.retryAfter > 0 && x.w.Header().Get("Retry-After") == "" {
		x.w.Header().Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	_ = x.write(p.status, p.body()) // strings always marshal
}

// allowance tells the tenant what is left of its requests.
func (x *exchange) allowance(a guard.Allowance) {
	h := x.w.Header()
	h.Set("x-ratelimit-limit-requests", strconv.Itoa(int(a.Limit)))
	h.Set("x-ratelimit-remaining-requests", strconv.Itoa(int(a.Remaining)))
	h.Set("x-ratelimit-reset-requests", strconv.FormatFloat(a.Reset.Seconds(), 'f', 3, 64)+"s")
	if a.Retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(a.Retry.Seconds())+1))
	}
}

func (x *exchange) tenantID() string {
	if x.caller.Tenant == nil {
		return ""
	}
	return x.caller.Tenant.Tenant.ID.String()
}
