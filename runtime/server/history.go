package server

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/principal"
	"github.com/bulkhead-dev/bulkhead/runtime/users"
)

// pastQuestion is what the caller asked before, in a response.
type pastQuestion struct {
	Object   string    `json:"object"`
	ID       string    `json:"id"`
	Route    string    `json:"route"`
	Question string    `json:"question"`
	AskedAt  time.Time `json:"asked_at"`
}

func presentQuestion(q users.Question) pastQuestion {
	return pastQuestion{"question", q.ID.String(), q.Route, q.Text, q.At}
}

// remember keeps a question in its user's history, if it is answered.
func (x *exchange) remember(req corpus.Request, text string) error {
	if x.caller.Caller.User == "" || !x.route.remembered() {
		return nil
	}
	row, err := users.Question{User: x.caller.Caller.User, Route: x.route.Name, Text: text}.Seal(req.Tenant.Keys)
	if err == nil {
		req.Access.Remember(row)
	}
	return err
}

// getHistory lists what the caller's user asked; of a key that is no user's nothing is kept.
func getHistory(x *exchange) error {
	query := x.r.URL.Query()
	limit, err := pageLimit(query)
	if err != nil {
		return err
	}
	before, err := pageCursor(query, uuid.Max)
	if err != nil {
		return err
	}
	req, err := x.begin("", "")
	if err != nil {
		return err
	}
	all, err := users.History(x.r.Context(), req.Tenant.Keys, req.Access, x.caller.Caller.User, before, limit+1)
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, newPage(all, limit, presentQuestion, func(q pastQuestion) string { return q.ID }))
}

func deleteHistory(x *exchange) error {
	req, err := x.begin("", "")
	if err != nil {
		return err
	}
	n, err := users.Forget(x.r.Context(), req.Tenant.Keys, req.Access, x.caller.Caller.User)
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, struct {
		Object    string `json:"object"`
		Questions int64  `json:"questions"`
	}{"history.deleted", n})
}

// erasure says what of a user is gone.
type erasure struct {
	Object    string `json:"object"`
	User      string `json:"user"`
	Keys      int64  `json:"keys"`
	Questions int64  `json:"questions"`
	Documents *int   `json:"documents,omitempty"` // with their vector stores, if that was asked for
}

func deleteUser(x *exchange) error {
	user, documents := x.r.PathValue("user"), x.r.URL.Query().Get("documents")
	switch {
	case !principal.ValidName(user):
		return badRequest("invalid_user", "The name of a user is %s.", principal.Alphabet)
	case documents != "" && documents != "delete":
		return wrong("documents", "invalid_value", "documents can only be delete: leave it out to keep them.")
	}
	req, err := x.begin(user, "")
	if err != nil {
		return err
	}
	gone := erasure{Object: "user.deleted", User: user}
	if gone.Keys, gone.Questions, err = users.Erase(x.r.Context(), req.Tenant.Keys, req.Access, user); err != nil {
		return err
	}
	if documents != "" {
		n, err := x.server.Corpus.DeleteOwned(x.r.Context(), req, user)
		if err != nil {
			return err
		}
		gone.Documents = &n
	}
	return x.reply(http.StatusOK, gone)
}
