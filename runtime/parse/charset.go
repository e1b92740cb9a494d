package parse

import (
	"io"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// decode makes UTF-8 of data. A byte order mark says more than the charset's name.
func decode(data []byte, charset string) (string, error) {
	named, err := htmlindex.Get(charset)
	if err != nil {
		return "", because(Charset)
	}
	text, _, err := transform.Bytes(unicode.BOMOverride(named.NewDecoder()), data)
	if err != nil {
		return "", because(Charset)
	}
	return string(text), nil
}

// decoder is decode for mime.WordDecoder.
func decoder(charset string, input io.Reader) (io.Reader, error) {
	named, err := htmlindex.Get(charset)
	if err != nil {
		return nil, because(Charset)
	}
	return transform.NewReader(input, named.NewDecoder()), nil
}
