package server

import (
	"net/url"
	"strconv"

	"github.com/google/uuid"
)

const (
	maxPage     = 100
	defaultPage = 20
)

// pageLimit reads how many entries a page of the native API has at most.
func pageLimit(query url.Values) (int, error) {
	text := query.Get("limit")
	if text == "" {
		return defaultPage, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxPage {
		return 0, badRequest("invalid_limit", "limit must be a number from 1 to %d.", maxPage)
	}
	return n, nil
}

// pageCursor reads the id that a page of the native API begins behind, and otherwise
// where the first one begins.
func pageCursor(query url.Values, first uuid.UUID) (uuid.UUID, error) {
	text := query.Get("after")
	if text == "" {
		return first, nil
	}
	after, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, errCursor
	}
	return after, nil
}

var errCursor = badRequest("invalid_cursor", "after must be the last_id of the page before.")
