package replica_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// history are the questions that a key's user asked, the newest first, page by page.
func (n *node) history(t *testing.T, w *tenant) (questions []string) {
	t.Helper()
	for after, more := "", true; more; {
		var page struct {
			Data    []struct{ Question, Route string }
			HasMore bool   `json:"has_more"`
			LastID  string `json:"last_id"`
		}
		expect(t, n.ask(t, w, "GET", "/v1/history?limit=2&after="+after, ""), 200, "").into(t, &page)
		for _, q := range page.Data {
			questions = append(questions, q.Route+" "+q.Question)
		}
		after, more = page.LastID, page.HasMore
	}
	return questions
}

// asked waits until the newest question of a user is the one: it is committed behind its
// answer.
func (n *node) asked(t *testing.T, w *tenant, question string) {
	t.Helper()
	wait(t, "history", func() error {
		if got := n.history(t, w); len(got) == 0 || !strings.HasSuffix(got[0], " "+question) {
			return fmt.Errorf("%v", got)
		}
		return nil
	})
}

// TestHistoryIsItsUsers: nobody else reads it, and it is gone when its user says so.
func TestHistoryIsItsUsers(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n, other := c.start(t, "runtime-0"), c.start(t, "runtime-1")
	alice, bob, root := n.user(t, acme, "alice", "read"), n.user(t, acme, "bob", "read"), n.user(t, acme, "root", "admin")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", "text"), 201, "")
	expect(t, n.ask(t, alice, "POST", "/v1/answer", `{"query":"the first text"}`), 200, "")
	expect(t, n.ask(t, alice, "POST", "/v1/chat/completions", chatX), 200, "")
	expect(t, n.ask(t, alice, "POST", "/v1/retrieve", `{"query":"a search"}`), 200, "")
	expect(t, n.ask(t, alice, "POST", "/v1/answer", `{"query":"wrong","answerer":"model"}`), 400, "no_model")
	expect(t, other.ask(t, alice, "POST", "/v1/responses", `{"model":"bulkhead-extractive","input":"the last text"}`), 200, "")
	expect(t, n.ask(t, bob, "POST", "/v1/answer", `{"query":"of bob"}`), 200, "")
	expect(t, n.ask(t, acme, "POST", "/v1/answer", `{"query":"of nobody"}`), 200, "")
	n.asked(t, alice, "the last text")
	n.asked(t, bob, "of bob")
	got := n.history(t, n.user(t, acme, "alice", "read")) // by another key of the same user
	if want := []string{"response.create the last text", "chat.complete text", "answer the first text"}; !slices.Equal(got, want) {
		t.Errorf("alice's history: %v", got)
	}
	for _, w := range []*tenant{root, acme} {
		if got := n.history(t, w); len(got) != 0 {
			t.Errorf("an administrator reads %v", got)
		}
	}
	var gone struct{ Questions int }
	expect(t, other.ask(t, alice, "DELETE", "/v1/history", ""), 200, "").into(t, &gone)
	if got := n.history(t, alice); gone.Questions != 3 || len(got) != 0 {
		t.Errorf("%d are gone, there is %v", gone.Questions, got)
	}
	if got := n.history(t, bob); len(got) != 1 {
		t.Errorf("bob's history: %v", got)
	}
}

// TestErasedUser: keys, history, and documents if that is asked for.
func TestErasedUser(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	alice, bob := n.user(t, acme, "alice", "write"), n.user(t, acme, "bob", "write")
	for _, w := range []*tenant{alice, bob} {
		expect(t, n.share(t, w, "mine", "text", forWhom("everyone")), 201, "")
		expect(t, n.queueFile(t, w, "damaged", typePDF, "%PDF"), 202, "")
		n.ends(t, w, "damaged")
		n.newStore(t, w, `{"name":"mine"}`)
		expect(t, n.ask(t, w, "POST", "/v1/answer", retrieveX), 200, "")
		n.asked(t, w, "text")
	}
	expect(t, n.ask(t, bob, "DELETE", "/v1/users/alice", ""), 403, "insufficient_scope")
	var gone struct{ Keys, Questions, Documents int }
	expect(t, n.ask(t, acme, "DELETE", "/v1/users/alice", ""), 200, "").into(t, &gone)
	if gone.Keys != 1 || gone.Questions != 1 || len(n.names(t, bob)) != 2 {
		t.Errorf("%+v", gone)
	}
	expect(t, n.ask(t, alice, "GET", "/v1/documents", ""), 401, "invalid_api_key")
	expect(t, n.ask(t, acme, "DELETE", "/v1/users/alice?documents=delete", ""), 200, "").into(t, &gone)
	if got := n.names(t, acme); gone.Documents != 2 || !slices.Equal(got, []string{"mine"}) {
		t.Errorf("%+v, left: %v", gone, got)
	}
	if got := n.listed(t, acme, "failed"); len(got) != 1 {
		t.Errorf("%d failed uploads are left, want bob's", len(got))
	}
	again := n.user(t, acme, "alice", "read")
	if got := n.history(t, again); len(got) != 0 {
		t.Errorf("history: %v", got)
	}
	expect(t, n.ask(t, acme, "DELETE", "/v1/users/alice?documents=keep", ""), 400, "invalid_value")
}

// TestHistoryOfAnotherDoesNotOpen: a row that is made another user's.
func TestHistoryOfAnotherDoesNotOpen(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	alice, bob := n.user(t, acme, "alice", "read"), n.user(t, acme, "bob", "read")
	for _, w := range []*tenant{alice, bob} {
		expect(t, n.ask(t, w, "POST", "/v1/answer", retrieveX), 200, "")
		n.asked(t, w, "text")
	}
	c.pg.Exec(t, "begin; set local session_replication_role = replica; update bulkhead.history set user_mac = (select user_mac from bulkhead.history limit 1); commit")
	refused := 0
	for _, w := range []*tenant{alice, bob} {
		if r := n.ask(t, w, "GET", "/v1/history", ""); r.code() == "internal_error" {
			refused++
		}
	}
	if refused != 1 {
		t.Errorf("%d are refused, want who has the other's row", refused)
	}
}
