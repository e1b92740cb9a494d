package server

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/filter"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// storeFile is a file in a vector store. Its attributes are the document's, the same
// in every vector store and in the native routes.
type storeFile struct {
	ID               string            `json:"id"`
	Object           string            `json:"object"`
	CreatedAt        int64             `json:"created_at"` // of the file
	VectorStoreID    string            `json:"vector_store_id"`
	UsageBytes       int64             `json:"usage_bytes"`
	Status           string            `json:"status"`
	LastError        *failure          `json:"last_error"` // always null
	ChunkingStrategy chunking          `json:"chunking_strategy"`
	Attributes       filter.Attributes `json:"attributes"`
}

type chunking struct {
	Type string `json:"type"`
}

func presentStoreFile(in uuid.UUID, m corpus.Member) storeFile {
	if m.Attributes == nil {
		m.Attributes = filter.Attributes{}
	}
	made, _ := m.Document.Time().UnixTime() // the id has it
	return storeFile{
		ID: fileID(m.Document), Object: "vector_store.file", CreatedAt: made, VectorStoreID: storeID(in),
		UsageBytes: m.Bytes, Status: "completed", ChunkingStrategy: chunking{"other"}, Attributes: m.Attributes,
	}
}

func member(d corpus.Document) corpus.Member {
	return corpus.Member{Document: d.ID, Bytes: d.Bytes, Attributes: d.Attributes}
}

// joinStore puts a document into a vector store.
func joinStore(id uuid.UUID) func(*corpus.Amendment) error {
	return func(a *corpus.Amendment) error {
		if !slices.Contains(a.Stores, id) {
			a.Stores = append(a.Stores, id)
		}
		return nil
	}
}

// isIn refuses a document that is not in a vector store, as one that is not there.
func isIn(id uuid.UUID, stores []uuid.UUID) error {
	if !slices.Contains(stores, id) {
		return store.ErrNotFound
	}
	return nil
}

// beginStoreFile begins an access to a file of a vector store that is there.
func (x *exchange) beginStoreFile(file string) (in uuid.UUID, document string, req corpus.Request, err error) {
	if document, err = documentOf(file); err != nil {
		return in, document, req, err
	}
	if in, err = storeOf(x); err != nil {
		return in, document, req, err
	}
	if req, err = x.begin(storeID(in)+"/"+filePrefix+document, ""); err != nil {
		return in, document, req, err
	}
	_, err = x.server.Corpus.VectorStore(x.r.Context(), req, in)
	return in, document, req, err
}

func attributesRule(to *filter.Attributes) rule {
	return func(name string, value json.RawMessage) (err error) {
		*to, err = filter.ParseAttributes(name, value)
		return wrongAttribute(err, "invalid_attributes")
	}
}

func createStoreFile(x *exchange) error {
	var file string
	var given filter.Attributes
	sent, err := x.parameters(rules{
		"file_id": into(&file), "attributes": attributesRule(&given), "chunking_strategy": only(`{"type":"auto"}`),
	})
	if err != nil {
		return err
	}
	if file == "" {
		return missing("file_id")
	}
	in, document, req, err := x.beginStoreFile(file)
	if err != nil {
		return err
	}
	_, replaces := sent["attributes"]
	doc, err := x.server.Corpus.Amend(x.r.Context(), req, document, func(a *corpus.Amendment) error {
		if replaces {
			a.Attributes = given
		}
		return joinStore(in)(a)
	})
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, presentStoreFile(in, member(doc)))
}

func listStoreFiles(x *exchange) error {
	limit, after, err := paging(x, filePrefix, defaultPage)
	if err != nil {
		return err
	}
	in, req, err := x.beginStore()
	if err != nil {
		return err
	}
	if _, err := x.server.Corpus.VectorStore(x.r.Context(), req, in); err != nil {
		return err
	}
	members, err := x.server.Corpus.Members(x.r.Context(), req, in)
	if err != nil {
		return err
	}
	first := slices.IndexFunc(members, func(m corpus.Member) bool { return string(m.Document[:]) > string(after[:]) })
	if first < 0 {
		first = len(members)
	}
	present := func(m corpus.Member) storeFile { return presentStoreFile(in, m) }
	return x.reply(http.StatusOK, newPage(members[first:], limit, present, func(f storeFile) string { return f.ID }))
}

func getStoreFile(x *exchange) error {
	in, document, req, err := x.beginStoreFile(x.r.PathValue("file"))
	if err != nil {
		return err
	}
	doc, err := x.server.Corpus.Get(x.r.Context(), req, document)
	if err == nil {
		err = isIn(in, doc.Stores)
	}
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, presentStoreFile(in, member(doc)))
}

func updateStoreFile(x *exchange) error {
	var given filter.Attributes
	sent, err := x.parameters(rules{"attributes": attributesRule(&given)})
	if err != nil {
		return err
	}
	if _, there := sent["attributes"]; !there {
		return missing("attributes")
	}
	in, document, req, err := x.beginStoreFile(x.r.PathValue("file"))
	if err != nil {
		return err
	}
	doc, err := x.server.Corpus.Amend(x.r.Context(), req, document, func(a *corpus.Amendment) error {
		a.Attributes = given
		return isIn(in, a.Stores)
	})
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, presentStoreFile(in, member(doc)))
}

// deleteStoreFile takes a file out of a vector store. The file stays.
func deleteStoreFile(x *exchange) error {
	in, document, req, err := x.beginStoreFile(x.r.PathValue("file"))
	if err != nil {
		return err
	}
	_, err = x.server.Corpus.Amend(x.r.Context(), req, document, func(a *corpus.Amendment) error {
		if err := isIn(in, a.Stores); err != nil {
			return err
		}
		a.Stores = slices.DeleteFunc(a.Stores, func(id uuid.UUID) bool { return id == in })
		return nil
	})
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, deletion{filePrefix + document, "vector_store.file.deleted", true})
}
