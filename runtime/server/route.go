package server

import (
	"net/http"
	"strings"

	"github.com/bulkhead-dev/bulkhead/runtime/principal"
)

// Class is how a route is audited.
type Class string

// The audit classes.
const (
	// Read: an intent is committed before plaintext leaves, a result after.
	Read Class = "read"
	// Change: as Read, and the change itself is recorded in its transaction.
	Change Class = "change"
	// Manage: as Change if its method changes anything, else as Read; for who has scope
	// admin only.
	Manage Class = "manage"
	// Own: as Change, for any scope: it changes what is the caller's alone.
	Own Class = "own"
	// None: the route neither returns nor changes anything of a tenant.
	None Class = "none"
	// Public: as None, and nobody needs a key.
	Public Class = "public"
)

// Route is one entry of the API.
type Route struct {
	Name    string // in audit events, metrics and logs
	Pattern string // of net/http
	Class   Class
	serve   func(*exchange) error
}

// Changes reports whether the route changes anything.
func (r Route) Changes() bool {
	return r.Class == Change || r.Class == Own || r.Class == Manage && !strings.HasPrefix(r.Pattern, http.MethodGet+" ")
}

// remembered reports whether what is asked by the route is kept in a user's history.
func (r Route) remembered() bool {
	return r.Name == "answer" || r.Name == "chat.complete" || r.Name == "response.create"
}

// scope is what a key needs for the route.
func (r Route) scope() principal.Scope {
	switch r.Class {
	case Manage:
		return principal.Admin
	case Change:
		return principal.Write
	}
	return principal.Read
}

// Routes is the whole API.
func Routes() []Route {
	return []Route{
		{"document.put", "PUT /v1/documents/{ref}", Change, putDocument},
		{"document.list", "GET /v1/documents", Read, listDocuments},
		{"document.get", "GET /v1/documents/{ref}", Read, getDocument},
		{"document.content", "GET /v1/documents/{ref}/content", Read, getContent},
		{"document.update", "PATCH /v1/documents/{ref}", Change, updateDocument},
		{"document.delete", "DELETE /v1/documents/{ref}", Change, deleteDocument},
		{"retrieve", "POST /v1/retrieve", Read, retrieve},
		{"answer", "POST /v1/answer", Read, answer},
		{"file.create", "POST /v1/files", Change, createFile},
		{"file.list", "GET /v1/files", Read, listFiles},
		{"file.get", "GET /v1/files/{file}", Read, getFile},
		{"file.content", "GET /v1/files/{file}/content", Read, getFileContent},
		{"store.create", "POST /v1/vector_stores", Change, createStore},
		{"store.list", "GET /v1/vector_stores", Read, listStores},
		{"store.get", "GET /v1/vector_stores/{store}", Read, getStore},
		{"store.update", "POST /v1/vector_stores/{store}", Change, updateStore},
		{"store.search", "POST /v1/vector_stores/{store}/search", Read, searchStore},
		{"store.file.create", "POST /v1/vector_stores/{store}/files", Change, createStoreFile},
		{"store.file.list", "GET /v1/vector_stores/{store}/files", Read, listStoreFiles},
		{"store.file.get", "GET /v1/vector_stores/{store}/files/{file}", Read, getStoreFile},
		{"store.file.update", "POST /v1/vector_stores/{store}/files/{file}", Change, updateStoreFile},
		{"store.file.delete", "DELETE /v1/vector_stores/{store}/files/{file}", Change, deleteStoreFile},
		{"store.delete", "DELETE /v1/vector_stores/{store}", Change, deleteStore},
		{"file.delete", "DELETE /v1/files/{file}", Change, deleteFile},
		{"key.create", "POST /v1/keys", Manage, createKey},
		{"key.list", "GET /v1/keys", Manage, listKeys},
		{"key.delete", "DELETE /v1/keys/{key}", Manage, deleteKey},
		{"usage", "GET /v1/usage", Read, getUsage},
		{"history.list", "GET /v1/history", Read, getHistory},
		{"history.delete", "DELETE /v1/history", Own, deleteHistory},
		{"user.delete", "DELETE /v1/users/{user}", Manage, deleteUser},
		{"openapi", "GET /openapi.json", Public, getOpenAPI},
		{"page", "GET /{$}", Public, getPage},
		{"page.file", "GET /web/{file}", Public, getPageFile},
		{"model.list", "GET /v1/models", Read, listModels},
		{"model.get", "GET /v1/models/{model...}", Read, getModel},
		{"embedding.create", "POST /v1/embeddings", Read, createEmbeddings},
		{"chat.complete", "POST /v1/chat/completions", Read, completeChat},
		{"response.create", "POST /v1/responses", Read, createResponse},
	}
}

// unknownRoute answers what no route matches, to those with a key only.
var unknownRoute = Route{Name: "unknown", Class: None, serve: func(*exchange) error { return errNoRoute }}
