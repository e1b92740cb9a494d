package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/audit"
	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/guard"
)

// exchange is one request and its response.
type exchange struct {
	server  *Server
	route   Route
	w       http.ResponseWriter
	control *http.ResponseController
	r       *http.Request // its context ends when that of the client does or the work takes too long
	id      string

	client   context.Context // ends when the client leaves, or the server must
	stopWork context.CancelFunc

	caller    guard.Identity
	confirmed time.Time     // when the caller's key was last known to be there
	access    *audit.Access // nil before begin
	begun     bool          // the response, whose status can not be changed any more
	out       pace          // of the response
	status    int           // that the exchange ended with
	code      string        // of an error
}

func newExchange(s *Server, route Route, w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{
		server: s, route: route, w: w, control: http.NewResponseController(w), r: r, id: uuid.NewString(),
		client: r.Context(), stopWork: func() {},
	}
	x.startWork()
	if r.Body == http.NoBody {
		_ = x.listen()
	}
	return x
}

// listen takes away the deadline for reading when there is nothing left to read:
// from then on it would but end the context, as when the client leaves.
func (x *exchange) listen() error { return x.control.SetReadDeadline(time.Time{}) }

// startWork begins the time for work, anew after the client was waited for.
func (x *exchange) startWork() {
	x.stopWork()
	ctx, cancel := context.WithTimeout(x.client, workTimeout)
	x.r, x.stopWork = x.r.WithContext(ctx), cancel
}

func (x *exchange) newPace() pace { return pace{patience: x.server.Patience} }

// authenticate finds the caller, whose tenant is as the newest Binding has it.
func (x *exchange) authenticate(ctx context.Context) error {
	caller, err := x.server.Keys.Authenticate(ctx, x.r.Header.Get("Authorization"))
	if err != nil {
		return err
	}
	x.caller = caller
	return nil
}

// admit lets the caller through if its tenant may be served.
func (x *exchange) admit() error {
	if err := guard.Contain(x.caller.Tenant, x.route.Changes()); err != nil {
		return err
	}
	if !x.caller.Caller.May(x.route.scope()) {
		return guard.ErrScope
	}
	if err := x.caller.Tenant.Store.Check(); err != nil {
		return err
	}
	return x.caller.Tenant.Keys.Check()
}

// entitled reports why the caller may be told nothing more: while a stream lasts its
// API key may be withdrawn, its tenant contained, or the tenant's key revoked. It may last
// longer than the time for work.
func (x *exchange) entitled() error {
	if err := x.authenticate(x.client); err != nil {
		return err
	}
	if time.Since(x.confirmed) > confirmInterval {
		if err := x.confirm(); err != nil {
			return err
		}
	}
	if err := guard.Contain(x.caller.Tenant, x.route.Changes()); err != nil {
		return err
	}
	return x.caller.Tenant.Keys.Check()
}

// confirmInterval is how often the database is asked whether a key is still there while
// a stream lasts.
const confirmInterval = time.Second

// confirm asks whether the caller's key is still there.
func (x *exchange) confirm() error {
	if err := x.server.Keys.Recheck(x.client, x.caller); err != nil {
		return err
	}
	x.confirmed = time.Now()
	return nil
}

// begin admits the caller once more, since a body may have taken its time, and
// commits the audit intent. Nothing of the tenant can be read or changed without
// the request it returns.
func (x *exchange) begin(object, query string) (corpus.Request, error) {
	if err := x.authenticate(x.r.Context()); err != nil {
		return corpus.Request{}, err
	}
	if err := x.admit(); err != nil {
		return corpus.Request{}, err
	}
	owner, err := x.owner()
	if err != nil {
		return corpus.Request{}, err
	}
	record := audit.Record{Request: x.id, Principal: x.caller.KeyID, User: x.caller.Caller.User, Object: object, Query: query}
	access, err := x.caller.Tenant.Lane.Begin(x.r.Context(), x.route.Name, record)
	if err != nil {
		return corpus.Request{}, err
	}
	x.access = access
	if err := x.server.Keys.Confirm(x.r.Context(), x.caller, access.Admission.Stamp()); err != nil {
		return corpus.Request{}, err
	}
	x.confirmed = time.Now()
	req := corpus.Request{Caller: x.caller.Caller, Owner: owner, Tenant: x.caller.Tenant, Access: access}
	return req, x.remember(req, query)
}

// end records the result of an access that began.
func (x *exchange) end() {
	if x.access != nil {
		x.access.End(x.status, x.code)
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
	return x.send(append(text, '\n'))
}

func (x *exchange) header(status int) {
	x.begun, x.status, x.out = true, status, x.newPace()
	x.w.WriteHeader(status)
}

// send writes a part of the response at the pace that is asked of clients.
// Errors: errGone.
func (x *exchange) send(part []byte) error {
	for piece := range slices.Chunk(part, minPace) {
		start := time.Now()
		err := x.control.SetWriteDeadline(x.out.deadline(len(piece)))
		if err == nil {
			_, err = x.w.Write(piece)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errGone, err)
		}
		x.out.passed(len(piece), start)
	}
	return nil
}

// fail ends the exchange with an error. A response that has begun is cut short:
// the length that was announced tells the client.
func (x *exchange) fail(err error) {
	p := x.problem(err)
	x.code = p.code
	if p.status >= http.StatusInternalServerError {
		x.server.Log.Error("request failed", "request", x.id, "tenant", x.tenantID(), "code", p.code, "error", err.Error())
	}
	if x.begun {
		x.status = p.status
		return
	}
	if p.retryAfter > 0 && x.w.Header().Get("Retry-After") == "" {
		x.w.Header().Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	_ = x.write(p.status, p.body(parameterOf(err))) // strings always marshal, and nobody has to read them
}

// problem is what to tell the client of an error. What failed when the server had to
// leave, or the client did, or the tenant was served no longer, failed for that reason.
func (x *exchange) problem(err error) problem {
	p := problemOf(err)
	switch {
	case p.status < http.StatusInternalServerError:
		return p
	case x.client.Err() == nil:
		return problemOf(cmp.Or(x.withdrawn(), err))
	case errors.Is(context.Cause(x.client), errLeaving):
		return problemOf(errLeaving)
	}
	return problemOf(errGone)
}

// withdrawn is why the caller is not served any more, nil if it is. Who leaves takes its
// keys and its database along, whatever is under way.
func (x *exchange) withdrawn() error {
	if x.caller.Tenant == nil {
		return nil
	}
	if err := x.authenticate(x.client); errors.Is(err, guard.ErrUnauthenticated) {
		return err
	}
	return guard.Contain(x.caller.Tenant, x.route.Changes())
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
