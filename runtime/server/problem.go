package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/bulkhead-dev/bulkhead/runtime/anchor"
	"github.com/bulkhead-dev/bulkhead/runtime/audit"
	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/guard"
	"github.com/bulkhead-dev/bulkhead/runtime/ingest"
	"github.com/bulkhead-dev/bulkhead/runtime/parse"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/runtime/users"
)

// problem is an error as a client sees it. Its message says what to do next
// and holds nothing of any tenant but the caller.
type problem struct {
	status     int
	kind       string // type of the error
	code       string
	message    string
	retryAfter int // seconds, zero: asking again does not help
}

func (p problem) Error() string { return p.code + ": " + p.message }

// body has the shape of OpenAI's errors, which client libraries know. It names the
// parameter that is wrong, if one is.
func (p problem) body(parameter *string) any {
	type detail struct {
		Type    string  `json:"type"`
		Code    string  `json:"code"`
		Message string  `json:"message"`
		Param   *string `json:"param"`
	}
	return struct {
		Error detail `json:"error"`
	}{detail{p.kind, p.code, p.message, parameter}}
}

// The types of errors.
const (
	invalid     = "invalid_request_error"
	forbidden   = "permission_error"
	limited     = "rate_limit_error"
	unavailable = "server_error"
)

var tooDense = problem{
	http.StatusRequestEntityTooLarge, invalid, ingest.CodeTooLarge,
	"The index of the document would take more memory than there is for it: split it and send the parts.", 0,
}

// problems tells, for errors of other packages, what a client is told.
var problems = []struct {
	is error
	problem
}{
	{guard.ErrUnauthenticated, problem{
		http.StatusUnauthorized, "authentication_error", "invalid_api_key",
		"The API key is missing or not valid: send a valid one as 'Authorization: Bearer bk_...'.", 0,
	}},
	{guard.ErrScope, problem{
		http.StatusForbidden, forbidden, "insufficient_scope",
		"The API key is not for this: use one with the scope that it takes, write to change documents, admin to manage keys.", 0,
	}},
	{store.ErrNoAPIKey, problem{
		http.StatusNotFound, invalid, "key_not_found",
		"There is no such key: GET /v1/keys lists those that there are.", 0,
	}},
	{users.ErrKeys, problem{
		http.StatusForbidden, forbidden, "quota_exceeded",
		fmt.Sprintf("A tenant has at most %d keys of its own: delete some.", store.MaxAPIKeys), 0,
	}},
	{guard.ErrRetained, problem{
		http.StatusForbidden, forbidden, "tenant_retained",
		"This tenant was deleted and its data is kept: ask your operator to restore it.", 0,
	}},
	{guard.ErrReadOnly, problem{
		http.StatusForbidden, forbidden, "tenant_read_only",
		"This tenant is read-only for now: reading and searching work; ask your operator when writes will.", 0,
	}},
	{guard.ErrSuspended, problem{
		http.StatusForbidden, forbidden, "tenant_suspended",
		"This tenant is suspended: ask your operator why.", 0,
	}},
	{guard.ErrQuarantined, problem{
		http.StatusForbidden, forbidden, "tenant_quarantined",
		"This tenant is quarantined for its safety: ask your operator why.", 0,
	}},
	{guard.ErrRate, problem{
		http.StatusTooManyRequests, limited, "rate_limit_exceeded",
		"Too many requests this minute: wait as long as Retry-After says.", 1,
	}},
	{guard.ErrConcurrency, problem{
		http.StatusTooManyRequests, limited, "too_many_requests",
		"Too many requests at a time: wait for some to end, then send this one again.", 1,
	}},
	{guard.ErrIngests, problem{
		http.StatusTooManyRequests, limited, "too_many_uploads",
		"Too many uploads at a time: wait for one to end, then send this one again.", 1,
	}},
	{guard.ErrLoad, problem{
		http.StatusServiceUnavailable, unavailable, "overloaded",
		"The server is busy: send the request again after Retry-After.", 1,
	}},
	{corpus.ErrRoom, problem{
		http.StatusServiceUnavailable, unavailable, "overloaded",
		"Too many documents are being indexed: send the request again after Retry-After.", 5,
	}},
	{corpus.ErrDemand, tooDense},
	{engine.ErrDense, tooDense},
	{parse.ErrBusy, problem{
		http.StatusServiceUnavailable, unavailable, "overloaded",
		"Too many files are being read: send the request again after Retry-After.", 5,
	}},
	{seal.ErrDenied, problem{
		http.StatusForbidden, forbidden, "key_revoked",
		"Access to this tenant's encryption key was revoked: whoever holds the key must grant it again.", 0,
	}},
	{seal.ErrUnreachable, problem{
		http.StatusServiceUnavailable, unavailable, "key_unreachable",
		"The key service can not be reached: send the request again after Retry-After.", 5,
	}},
	{store.ErrNotFound, problem{
		http.StatusNotFound, invalid, "document_not_found",
		"There is no such document: GET /v1/documents lists those that there are.", 0,
	}},
	{store.ErrNoVectorStore, problem{
		http.StatusNotFound, invalid, "vector_store_not_found",
		"There is no such vector store: GET /v1/vector_stores lists those that there are.", 0,
	}},
	{corpus.ErrOwner, problem{
		http.StatusForbidden, forbidden, "not_the_owner",
		"It belongs to somebody else: ask its owner, or use a key with scope admin.", 0,
	}},
	{corpus.ErrVectorStores, problem{
		http.StatusForbidden, forbidden, "quota_exceeded",
		fmt.Sprintf("A tenant has at most %d vector stores: delete some.", corpus.MaxVectorStores), 0,
	}},
	{corpus.ErrStores, problem{
		http.StatusConflict, invalid, "too_many_vector_stores",
		fmt.Sprintf("A file is in at most %d vector stores: take it out of some.", corpus.MaxStores), 0,
	}},
	{store.ErrFenced, problem{
		http.StatusServiceUnavailable, unavailable, "tenant_moving",
		"This tenant is being moved and takes no writes for a moment: send the request again after Retry-After.", 1,
	}},
	{store.ErrUnprovisioned, problem{
		http.StatusServiceUnavailable, unavailable, "tenant_not_ready",
		"This tenant is still being set up: send the request again after Retry-After.", 1,
	}},
	{store.ErrBusy, problem{
		http.StatusServiceUnavailable, unavailable, "database_busy",
		"The database is busy: send the request again after Retry-After.", 1,
	}},
	{audit.ErrBacklog, problem{
		http.StatusServiceUnavailable, unavailable, "audit_unavailable",
		"The audit log can not keep up: send the request again after Retry-After.", 1,
	}},
	{store.ErrUnavailable, problem{
		http.StatusServiceUnavailable, unavailable, "database_unavailable",
		"The database can not be reached: send the request again after Retry-After.", 2,
	}},
	{store.ErrUnproven, problem{
		http.StatusServiceUnavailable, unavailable, "database_not_ready",
		"This tenant's database is not ready to be used: send the request again after Retry-After.", 5,
	}},
	{audit.ErrUnavailable, problem{
		http.StatusServiceUnavailable, unavailable, "audit_unavailable",
		"The access can not be recorded, so it is refused: send the request again after Retry-After.", 2,
	}},
	{anchor.ErrRolledBack, problem{
		http.StatusServiceUnavailable, unavailable, "database_rolled_back",
		"The database holds older documents than it did: ask your operator to restore the newest; nothing is served until then.", 0,
	}},
	{corpus.ErrTooLarge, problem{
		http.StatusServiceUnavailable, unavailable, "index_too_large",
		"All documents together are too large to be searched here: delete some, or ask your operator to give the runtime more memory.", 0,
	}},
	{corpus.ErrQueueFull, problem{
		http.StatusTooManyRequests, limited, "queue_full",
		"Too many uploads are waiting to be read: send this one again after Retry-After.", 5,
	}},
	{corpus.ErrChanged, problem{
		http.StatusConflict, invalid, "document_changed",
		"The document changed while it was read: send the request again.", 0,
	}},
	{corpus.ErrRange, problem{
		http.StatusRequestedRangeNotSatisfiable, invalid, "range_not_satisfiable",
		"start and end must lie within the document, 0 <= start <= end <= its bytes.", 0,
	}},
	{errLeaving, problem{
		http.StatusServiceUnavailable, unavailable, "shutting_down",
		"This server is shutting down: send the request again after Retry-After, another one answers it.", 1,
	}},
	{errGone, problem{statusClientClosed, invalid, "client_closed", "The client closed the request.", 0}},
	{context.DeadlineExceeded, problem{
		http.StatusServiceUnavailable, unavailable, "timeout",
		"The request took too long: send it again after Retry-After.", 2,
	}},
}

// statusClientClosed is only ever logged and counted: nobody reads it.
const statusClientClosed = 499

// errGone: the client left, or is too slow to be waited for.
var errGone = errors.New("the client left")

// errLeaving: the server shuts down, and the request took longer than that waits.
var errLeaving = errors.New("the server is shutting down")

// errNoRoute answers an unknown path or method.
var errNoRoute = problem{
	http.StatusNotFound, invalid, "unknown_route",
	"There is no such path or method: GET /openapi.json lists those that there are.", 0,
}

// problemOf finds what to tell the client. What is not known is our fault.
func problemOf(err error) problem {
	var own problem
	if errors.As(err, &own) {
		return own
	}
	var quota corpus.QuotaError
	if errors.As(err, &quota) {
		return problem{
			http.StatusForbidden, forbidden, "quota_exceeded",
			fmt.Sprintf("The plan allows %d %s: delete documents, or ask your operator for a larger plan.", quota.Limit, quota.Of), 0,
		}
	}
	if p, ok := embedderProblem(err); ok {
		return p
	}
	if p, ok := modelProblem(err); ok {
		return p
	}
	var unread *parse.Error
	if errors.As(err, &unread) {
		return problemOfFile(unread)
	}
	for _, known := range problems {
		if errors.Is(err, known.is) {
			return known.problem
		}
	}
	return problem{
		http.StatusInternalServerError, unavailable, "internal_error",
		"Something failed on our side: tell your operator the value of X-Request-Id.", 0,
	}
}

// fileStatus tells, by why a file gives no text, what a client is told. Codes and
// messages are the same when it is found out later.
var fileStatus = map[parse.Reason]int{
	parse.Unsupported: http.StatusUnsupportedMediaType,
	parse.Charset:     http.StatusBadRequest,
	parse.Encrypted:   http.StatusUnprocessableEntity,
	parse.TooLarge:    http.StatusRequestEntityTooLarge,
	parse.TimedOut:    http.StatusUnprocessableEntity,
	parse.OutOfMemory: http.StatusUnprocessableEntity,
	parse.Malformed:   http.StatusUnprocessableEntity,
	parse.NoText:      http.StatusBadRequest,
}

func problemOfFile(e *parse.Error) problem {
	return problem{fileStatus[e.Reason], invalid, ingest.Code(e.Reason), e.Error(), 0}
}

// badRequest is a 400 about the request itself.
func badRequest(code, format string, args ...any) problem {
	return problem{http.StatusBadRequest, invalid, code, fmt.Sprintf(format, args...), 0}
}
