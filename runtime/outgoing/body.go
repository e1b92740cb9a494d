package outgoing

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
)

// body is a bounded answer that holds its request's place until it is closed.
type body struct {
	io.ReadCloser
	ctx     context.Context // its end explains a failure
	release func()
	once    sync.Once
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	var large *http.MaxBytesError
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return n, err
	case errors.As(err, &large):
		return n, ErrTooLarge
	}
	return n, explain(b.ctx, err)
}

func (b *body) Close() error {
	err := b.ReadCloser.Close()
	b.once.Do(b.release)
	return err
}
