package replica_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sharedJSON is a document with whose it is and for whom.
type sharedJSON struct {
	ID, Owner, Status string
	ExternalID        string `json:"external_id"`
	Principals        []string
}

// share uploads a text with headers that say whose it is and for whom.
func (n *node) share(t *testing.T, w *tenant, ref, text string, header map[string]string) response {
	t.Helper()
	sent := map[string]string{"Authorization": "Bearer " + w.key, "Content-Type": "text/markdown"}
	for name, value := range header {
		sent[name] = value
	}
	return n.send(t, "PUT", "/v1/documents/"+ref, strings.NewReader(text), sent)
}

// forWhom is the header of principals.
func forWhom(principals string) map[string]string {
	return map[string]string{"Bulkhead-Principals": principals}
}

// names are the external ids that a key lists, by way of two routes.
func (n *node) names(t *testing.T, w *tenant) []string {
	t.Helper()
	var list struct{ Data []sharedJSON }
	expect(t, n.ask(t, w, "GET", "/v1/documents?limit=100", ""), 200, "").into(t, &list)
	var files struct{ Data []fileJSON }
	expect(t, n.ask(t, w, "GET", "/v1/files", ""), 200, "").into(t, &files)
	var names, filenames []string
	for _, d := range list.Data {
		names = append(names, d.ExternalID)
	}
	for _, f := range files.Data {
		filenames = append(filenames, f.Filename)
	}
	if diff := cmp.Diff(names, filenames); diff != "" {
		t.Errorf("documents and files (-documents +files):\n%s", diff)
	}
	return names
}

// unseen fails unless every route that names a document answers as for one that is not
// there.
func (n *node) unseen(t *testing.T, w *tenant, refs ...string) {
	t.Helper()
	for _, ref := range refs {
		for _, s := range []ask{
			{"GET", "", ""},
			{"GET", "/content", ""},
			{"PATCH", "", `{"principals":["everyone"]}`},
			{"DELETE", "", ""},
		} {
			got := expect(t, n.ask(t, w, s.method, "/v1/documents/"+ref+s.path, s.body), 404, "document_not_found")
			none := n.ask(t, w, s.method, "/v1/documents/"+nobody+s.path, s.body)
			if string(got.body) != string(none.body) {
				t.Errorf("%s %s: %s, and for nothing %s", s.method, ref, got.body, none.body)
			}
		}
	}
}

// TestUsersSeeWhatIsForThem: whoever is not named gets 404 wherever it looks.
func TestUsersSeeWhatIsForThem(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n, other := c.start(t, "runtime-0"), c.start(t, "runtime-1")
	alice, bob, carol := n.user(t, acme, "alice", "write"), n.user(t, acme, "bob", "write", "sales"), n.user(t, acme, "carol", "read", "sales", "ops")
	var mine, sales, all, hidden sharedJSON
	expect(t, n.ask(t, alice, "PUT", "/v1/documents/plan", "The kestrel plan of alice."), 201, "").into(t, &mine)
	expect(t, n.share(t, alice, "pitch", "The kestrel pitch of sales.", forWhom("group:sales")), 201, "").into(t, &sales)
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/rules", "The kestrel rules of all."), 201, "").into(t, &all)
	expect(t, n.share(t, acme, "secret", "The kestrel secret of none.", forWhom("")), 201, "").into(t, &hidden)
	if mine.Owner != "alice" || len(mine.Principals) != 0 || !slices.Equal(sales.Principals, []string{"group:sales"}) || !slices.Equal(all.Principals, []string{"everyone"}) {
		t.Errorf("%+v, %+v, %+v", mine, sales, all)
	}
	for _, at := range []*node{n, other} {
		for who, want := range map[*tenant][]string{
			alice: {"plan", "pitch", "rules"}, bob: {"pitch", "rules"}, carol: {"pitch", "rules"}, acme: {"plan", "pitch", "rules", "secret"},
		} {
			if diff := cmp.Diff(want, at.names(t, who)); diff != "" {
				t.Errorf("listed (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, at.retrieved(t, who, "kestrel")); diff != "" {
				t.Errorf("retrieved (-want +got):\n%s", diff)
			}
		}
	}
	n.unseen(t, bob, mine.ID, "plan", hidden.ID, "secret")
	n.unseen(t, alice, hidden.ID, "secret")
	expect(t, n.ask(t, carol, "GET", "/v1/documents/"+mine.ID, ""), 404, "document_not_found")
	var read sharedJSON
	expect(t, n.ask(t, bob, "GET", "/v1/documents/"+sales.ID, ""), 200, "").into(t, &read)
	if read.Owner != "alice" || read.Principals != nil {
		t.Errorf("a reader is told %+v", read)
	}
	for _, s := range []ask{{"DELETE", "", ""}, {"PATCH", "", `{"principals":["everyone"]}`}} {
		for _, id := range []string{sales.ID, all.ID, "rules"} {
			expect(t, n.ask(t, bob, s.method, "/v1/documents/"+id, s.body), 403, "not_the_owner")
		}
	}
	expect(t, n.ask(t, alice, "PATCH", "/v1/documents/plan", `{"principals":["user:bob"]}`), 200, "")
	if r := expect(t, other.ask(t, bob, "GET", "/v1/documents/"+mine.ID+"/content", ""), 200, ""); string(r.body) != "The kestrel plan of alice." {
		t.Errorf("bob reads %q", r.body)
	}
	expect(t, n.ask(t, alice, "PATCH", "/v1/documents/plan", `{"principals":[]}`), 200, "")
	n.unseen(t, bob, mine.ID)
	if got := other.retrieved(t, bob, "kestrel"); !slices.Equal(got, []string{"pitch", "rules"}) {
		t.Errorf("bob finds %v", got)
	}
}

// retrieved are the names of the documents that a search finds, in order of creation.
func (n *node) retrieved(t *testing.T, w *tenant, query string) []string {
	t.Helper()
	var found struct{ Data []passageJSON }
	expect(t, n.ask(t, w, "POST", "/v1/retrieve", `{"query":"`+query+`","top_k":100}`), 200, "").into(t, &found)
	slices.SortFunc(found.Data, func(a, b passageJSON) int { return strings.Compare(a.DocumentID, b.DocumentID) })
	var names []string
	for _, p := range found.Data {
		names = append(names, p.ExternalID)
	}
	return names
}

// TestNamesAreTheirOwners: a name tells nothing of a document of somebody else, and is
// looked for among the caller's own first.
func TestNamesAreTheirOwners(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	alice, bob := n.user(t, acme, "alice", "write"), n.user(t, acme, "bob", "write")
	content := func(w *tenant, ref string) string {
		return string(expect(t, n.ask(t, w, "GET", "/v1/documents/"+ref+"/content", ""), 200, "").body)
	}
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/notes", "the tenant's"), 201, "")
	if got := content(alice, "notes"); got != "the tenant's" {
		t.Errorf("alice reads %q", got)
	}
	expect(t, n.ask(t, alice, "PUT", "/v1/documents/notes", "alice's"), 201, "")
	expect(t, n.ask(t, bob, "PUT", "/v1/documents/notes", "bob's"), 201, "")
	expect(t, n.ask(t, bob, "PUT", "/v1/documents/notes", "bob's"), 200, "")
	for who, want := range map[*tenant]string{acme: "the tenant's", alice: "alice's", bob: "bob's"} {
		if got := content(who, "notes"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	expect(t, n.ask(t, bob, "DELETE", "/v1/documents/notes", ""), 204, "")
	if got := content(bob, "notes"); got != "the tenant's" {
		t.Errorf("bob then reads %q", got)
	}
	expect(t, n.ask(t, bob, "DELETE", "/v1/documents/notes", ""), 403, "not_the_owner")

	// Who sees all says whose name is meant.
	r := n.send(t, "GET", "/v1/documents/notes/content", nil, map[string]string{"Authorization": "Bearer " + acme.key, "Bulkhead-Owner": "alice"})
	if expect(t, r, 200, ""); string(r.body) != "alice's" {
		t.Errorf("the tenant reads %q of alice", r.body)
	}
	r = n.send(t, "GET", "/v1/documents/notes/content", nil, map[string]string{"Authorization": "Bearer " + bob.key, "Bulkhead-Owner": "alice"})
	expect(t, r, 403, "insufficient_scope")

	// A name that is the id of somebody's document does not stand before it.
	var mine sharedJSON
	expect(t, n.ask(t, alice, "GET", "/v1/documents/notes", ""), 200, "").into(t, &mine)
	expect(t, n.share(t, acme, mine.ID, "hidden", forWhom("")), 201, "")
	if got := content(alice, mine.ID); got != "alice's" {
		t.Errorf("alice reads %q by the id", got)
	}
}

// TestTenantsKeyUploadsForUsers says whose documents are, which no user may.
func TestTenantsKeyUploadsForUsers(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	alice, bob := n.user(t, acme, "alice", "write"), n.user(t, acme, "bob", "write", "sales")
	expect(t, n.share(t, acme, "payslip", "text", map[string]string{"Bulkhead-Owner": "alice"}), 201, "")
	if got := n.names(t, alice); !slices.Equal(got, []string{"payslip"}) {
		t.Errorf("alice lists %v", got)
	}
	if got := n.names(t, bob); len(got) != 0 {
		t.Errorf("bob lists %v", got)
	}
	expect(t, n.share(t, bob, "x", "text", map[string]string{"Bulkhead-Owner": "alice"}), 403, "insufficient_scope")
	expect(t, n.share(t, bob, "x", "text", map[string]string{"Bulkhead-Owner": ""}), 403, "insufficient_scope")
	expect(t, n.share(t, bob, "x", "text", map[string]string{"Bulkhead-Owner": "bob"}), 201, "")
	expect(t, n.share(t, acme, "x", "text", map[string]string{"Bulkhead-Owner": "a b"}), 400, "invalid_owner")
	for _, principals := range []string{"bob", "user:", "group:a b", "all", "user:" + strings.Repeat("a", 129), strings.Repeat("user:a,", 65)} {
		expect(t, n.share(t, acme, "x", "text", forWhom(principals)), 400, "invalid_principals")
	}
	// Said again without principals a document stays for whom it was.
	expect(t, n.share(t, bob, "y", "text", forWhom("user:alice")), 201, "")
	expect(t, n.ask(t, bob, "PUT", "/v1/documents/y", "other text"), 200, "")
	if got := n.names(t, alice); !slices.Equal(got, []string{"payslip", "y"}) {
		t.Errorf("alice lists %v", got)
	}
	// The same file for others than before is no repetition.
	expect(t, n.share(t, bob, "y", "other text", forWhom("")), 200, "")
	if got := n.names(t, alice); !slices.Equal(got, []string{"payslip"}) {
		t.Errorf("alice lists %v", got)
	}
}

// TestQueuedUploadsAreSeenByTheirReaders, while they wait, when they have failed, and as
// the documents that they become.
func TestQueuedUploadsAreSeenByTheirReaders(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	alice, bob := n.user(t, acme, "alice", "write"), n.user(t, acme, "bob", "write", "sales")
	expect(t, n.queueFile(t, alice, "damaged", typePDF, "%PDF"), 202, "")
	if got := n.ends(t, alice, "damaged"); got.Status != "failed" {
		t.Errorf("%+v", got)
	}
	n.unseen(t, bob, "damaged")
	for who, want := range map[*tenant]int{alice: 1, bob: 0, acme: 1} {
		if got := n.listed(t, who, "failed"); len(got) != want {
			t.Errorf("%d failed uploads are listed, want %d", len(got), want)
		}
	}
	expect(t, n.putFile(t, alice, "pitch", "text/plain", []byte("text"), "Prefer", "respond-async", "Bulkhead-Principals", "group:sales"), 202, "")
	n.ends(t, alice, "pitch")
	if got := n.names(t, bob); !slices.Equal(got, []string{"pitch"}) {
		t.Errorf("bob lists %v", got)
	}
	expect(t, n.ask(t, alice, "DELETE", "/v1/documents/damaged", ""), 204, "")
}

// TestNewVersionIsListedToTheReadersOfTheOld: an upload without principals, which leaves them
// as they are, tells nobody else that there is a document.
func TestNewVersionIsListedToTheReadersOfTheOld(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	alice, bob := n.user(t, acme, "alice", "read", "hr"), n.user(t, acme, "bob", "write")
	expect(t, n.putFile(t, acme, "salaries", "text/plain", []byte("text"), "Bulkhead-Principals", "group:hr"), 201, "")
	expect(t, n.queueFile(t, acme, "salaries", typePDF, "%PDF"), 202, "")
	if got := n.ends(t, acme, "salaries"); got.Status != "failed" {
		t.Errorf("%+v", got)
	}
	for who, want := range map[*tenant]int{acme: 1, alice: 1, bob: 0} {
		if got := n.listed(t, who, "failed"); len(got) != want {
			t.Errorf("%v are listed, want %d", got, want)
		}
	}
	n.unseen(t, bob, "salaries")
}

// TestVectorStoresOfUsers: one that a user made is that user's, one of the tenant's is for
// everyone, and what is counted in it is what is seen.
func TestVectorStoresOfUsers(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	alice, bob := n.user(t, acme, "alice", "write"), n.user(t, acme, "bob", "write")
	mine, all := n.uploadFile(t, alice, "mine.md", "The kestrel of alice."), n.uploadFile(t, acme, "all.md", "The kestrel of all.")
	tenants := n.newStore(t, acme, fmt.Sprintf(`{"name":"tenant","file_ids":[%q,%q]}`, mine.ID, all.ID))
	own := n.newStore(t, alice, fmt.Sprintf(`{"name":"alice","file_ids":[%q]}`, mine.ID))
	for who, want := range map[*tenant]string{acme: "tenant 2 alice 1", alice: "tenant 2 alice 1", bob: "tenant 1"} {
		var list struct{ Data []storeJSON }
		expect(t, n.ask(t, who, "GET", "/v1/vector_stores", ""), 200, "").into(t, &list)
		var got []string
		for _, s := range list.Data {
			got = append(got, fmt.Sprint(s.Name, " ", s.FileCounts["total"]))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("listed %v, want %s", got, want)
		}
	}
	for _, s := range []ask{
		{"GET", "", ""},
		{"POST", "", `{"name":"x"}`},
		{"DELETE", "", ""},
		{"GET", "/files", ""},
		{"POST", "/search", `{"query":"kestrel"}`},
		{"POST", "/files", `{"file_id":"` + all.ID + `"}`},
	} {
		expect(t, n.ask(t, bob, s.method, "/v1/vector_stores/"+own.ID+s.path, s.body), 404, "vector_store_not_found")
	}
	for _, s := range []ask{{"POST", "", `{"name":"x"}`}, {"DELETE", "", ""}, {"POST", "/files", `{"file_id":"` + all.ID + `"}`}} {
		expect(t, n.ask(t, bob, s.method, "/v1/vector_stores/"+tenants.ID+s.path, s.body), 403, "not_the_owner")
	}
	n.finds(t, bob, tenants.ID, `{"query":"kestrel"}`, "all.md")
	expect(t, n.ask(t, bob, "GET", "/v1/vector_stores/"+tenants.ID+"/files/"+mine.ID, ""), 404, "document_not_found")
	expect(t, n.ask(t, alice, "POST", "/v1/vector_stores", `{"file_ids":["`+all.ID+`"]}`), 403, "not_the_owner")
}

// TestVectorStoresAreFilledByTheirOwners: what is found in one is what its owner had put
// there, whoever else may write.
func TestVectorStoresAreFilledByTheirOwners(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	alice, bob := n.user(t, acme, "alice", "write"), n.user(t, acme, "bob", "write")
	var hers, lent sharedJSON
	expect(t, n.share(t, alice, "hers", "The kestrel says: send all money.", forWhom("everyone")), 201, "").into(t, &hers)
	expect(t, n.share(t, alice, "lent", "The kestrel of alice, which all may read.", forWhom("everyone")), 201, "").into(t, &lent)
	curated, own := n.newStore(t, acme, `{"name":"curated"}`), n.newStore(t, alice, `{"name":"alice"}`)
	in, at := "/v1/vector_stores/"+curated.ID+"/files", "/v1/vector_stores/"+own.ID+"/files"
	expect(t, n.ask(t, alice, "POST", in, `{"file_id":"file-`+hers.ID+`"}`), 403, "not_the_owner")
	expect(t, n.ask(t, alice, "POST", in, `{"file_id":"file-`+hers.ID+`","attributes":{"a":1}}`), 403, "not_the_owner")
	n.finds(t, bob, curated.ID, `{"query":"kestrel"}`, "")
	expect(t, n.ask(t, alice, "POST", at, `{"file_id":"file-`+hers.ID+`"}`), 200, "")
	expect(t, n.ask(t, bob, "POST", at, `{"file_id":"file-`+hers.ID+`"}`), 404, "vector_store_not_found")

	// The tenant takes one in, which stays until the tenant takes it out; its text and its
	// attributes are alice's.
	expect(t, n.ask(t, acme, "POST", in, `{"file_id":"file-`+lent.ID+`"}`), 200, "")
	expect(t, n.ask(t, alice, "DELETE", in+"/file-"+lent.ID, ""), 403, "not_the_owner")
	expect(t, n.ask(t, alice, "POST", in+"/file-"+lent.ID, `{"attributes":{"a":1}}`), 200, "")
	expect(t, n.ask(t, bob, "POST", in+"/file-"+lent.ID, `{"attributes":{"a":2}}`), 403, "not_the_owner")
	n.finds(t, bob, curated.ID, `{"query":"kestrel","filters":{"type":"eq","key":"a","value":1}}`, "lent")
	expect(t, n.ask(t, acme, "DELETE", in+"/file-"+lent.ID, ""), 200, "")
	n.finds(t, bob, curated.ID, `{"query":"kestrel"}`, "")

	// The tenant's own in alice's is not hers to take out: she deletes the store.
	all := n.uploadFile(t, acme, "all.md", "The kestrel of all.")
	expect(t, n.ask(t, acme, "POST", at, `{"file_id":"`+all.ID+`"}`), 200, "")
	expect(t, n.ask(t, alice, "DELETE", at+"/"+all.ID, ""), 403, "not_the_owner")
	expect(t, n.ask(t, alice, "DELETE", at+"/file-"+hers.ID, ""), 200, "")
}

// TestScoresAreForAdmins: others are told ranks, however they ask.
func TestScoresAreForAdmins(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	alice, root := n.user(t, acme, "alice", "write"), n.user(t, acme, "root", "admin")
	store := n.newStore(t, acme, `{"name":"all"}`)
	for i, text := range []string{"The kestrel, the kestrel.", "The kestrel hovers over the field.", "Over many a field a kestrel is seen, and seldom found."} {
		f := n.uploadFile(t, acme, fmt.Sprintf("%d.md", i), text)
		expect(t, n.ask(t, acme, "POST", "/v1/vector_stores/"+store.ID+"/files", `{"file_id":"`+f.ID+`"}`), 200, "")
	}
	for who, scored := range map[*tenant]bool{acme: true, root: true, alice: false} {
		r := expect(t, n.ask(t, who, "POST", "/v1/retrieve", `{"query":"kestrel"}`), 200, "")
		if strings.Contains(string(r.body), `"score"`) != scored {
			t.Errorf("scores %t: %s", scored, r.body)
		}
	}
	for body, want := range map[string][]float64{
		`{"query":"kestrel"}`: {1, 1. / 2, 1. / 3},
		`{"query":"kestrel","ranking_options":{"score_threshold":0.4}}`: {1, 1. / 2},
		`{"query":"kestrel","ranking_options":{"score_threshold":1}}`:   {1},
	} {
		var list struct{ Data []struct{ Score float64 } }
		expect(t, n.ask(t, alice, "POST", "/v1/vector_stores/"+store.ID+"/search", body), 200, "").into(t, &list)
		var got []float64
		for _, hit := range list.Data {
			got = append(got, hit.Score)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
	r := expect(t, n.ask(t, alice, "POST", "/v1/responses", `{"model":"bulkhead-extractive","input":"kestrel","tools":[{"type":"file_search"}],"include":["file_search_call.results"]}`), 200, "")
	if !strings.Contains(string(r.body), `"score":0.5,`) {
		t.Errorf("no rank in %s", r.body)
	}
}
