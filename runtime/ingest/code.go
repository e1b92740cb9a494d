package ingest

import (
	"errors"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/parse"
)

// The codes of why a file is no document, other than those of the parser's reasons.
const (
	CodeTooLarge = "document_too_large"
	CodeQuota    = "quota_exceeded"
	CodeIndex    = "index_too_large"
	CodeEmbedder = "embedder_unavailable"
	CodeInternal = "internal_error"
)

// codes are those of the parser's reasons.
var codes = map[parse.Reason]string{
	parse.Unsupported: "unsupported_media_type",
	parse.Charset:     "unknown_charset",
	parse.Encrypted:   "document_encrypted",
	parse.TooLarge:    CodeTooLarge,
	parse.TimedOut:    "document_timed_out",
	parse.OutOfMemory: "document_out_of_memory",
	parse.Malformed:   "document_malformed",
	parse.NoText:      "empty_document",
}

// Code is that of a parser's reason.
func Code(r parse.Reason) string { return codes[r] }

// Message says what to do about a code.
func Message(code string) string {
	for reason, known := range codes {
		if known == code {
			return (&parse.Error{Reason: reason}).Error()
		}
	}
	if code == CodeQuota {
		return "The plan allows no more documents or bytes: delete documents, or ask your operator for a larger plan, and send the file again."
	}
	if code == CodeIndex {
		return "All documents together are too large to be searched here: delete some, or ask your operator to give the runtime more memory, and send the file again."
	}
	if code == CodeEmbedder {
		return "The tenant's embedding model gave no vectors for the text, several times: ask your operator whether it works, and send the file again."
	}
	return "Something failed on our side, several times: send the file again, and tell your operator when that does not help."
}

// refusal is the code of an error that is the file's. It is final when trying again
// would give the same.
func refusal(err error) (code string, final bool) {
	var unread *parse.Error
	var quota corpus.QuotaError
	switch {
	case errors.As(err, &unread):
		// Reading it may have been slow because of something else.
		return Code(unread.Reason), unread.Reason != parse.TimedOut && unread.Reason != parse.OutOfMemory
	case errors.Is(err, ErrText), errors.Is(err, corpus.ErrDemand), errors.Is(err, engine.ErrDense):
		return CodeTooLarge, true
	case errors.As(err, &quota):
		return CodeQuota, true
	case errors.Is(err, corpus.ErrTooLarge):
		return CodeIndex, true
	}
	if unembedded := (*corpus.EmbedderError)(nil); errors.As(err, &unembedded) {
		return CodeEmbedder, false
	}
	return CodeInternal, false
}
