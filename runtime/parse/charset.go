package parse

import (
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// decode makes UTF-8 of data. A byte order mark says more than the charset's name;
// without a name data is UTF-8.
func decode(data []byte, charset string) (string, error) {
	marked := len(data) >= 2 && (data[0] == 0xFE && data[1] == 0xFF || data[0] == 0xFF && data[1] == 0xFE)
	from := unicode.UTF8
	switch {
	case charset != "":
		named, err := htmlindex.Get(charset)
		if err != nil {
			return "", because(Charset)
		}
		from = named
	case !marked && !utf8.Valid(data):
		return "", because(Charset)
	}
	text, _, err := transform.Bytes(unicode.BOMOverride(from.NewDecoder()), data)
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
