package parse

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// elements reads XML as a stream. It knows no entities but the five of XML, refuses
// a document type, and bounds depth.
type elements struct {
	d     *xml.Decoder
	depth int
}

// element is the start of one. Namespaces are left out: the formats that are read
// here do not depend on them.
type element struct {
	name string
	attr map[string]string
}

func newElements(r io.Reader) *elements {
	d := xml.NewDecoder(r)
	d.CharsetReader = decoder
	return &elements{d: d}
}

// next is the next start or end of an element, or text. At the end of the document
// it is nil.
func (e *elements) next() (xml.Token, error) {
	for {
		token, err := e.d.Token()
		if errors.Is(err, io.EOF) && e.depth == 0 {
			return nil, nil
		}
		if err != nil {
			return nil, asMalformed(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if e.depth++; e.depth > maxDepth {
				return nil, errDeep
			}
			return t, nil
		case xml.EndElement:
			e.depth--
			return t, nil
		case xml.CharData:
			return t, nil
		case xml.Directive:
			if bytes.HasPrefix(bytes.ToUpper(t), []byte("DOCTYPE")) {
				return nil, because(Malformed)
			}
		}
	}
}

// asMalformed is err when it is known to be the file's, else Malformed.
func asMalformed(err error) error {
	if known := (*Error)(nil); errors.As(err, &known) {
		return err
	}
	return because(Malformed)
}

// each calls do at the start of each element, and walks on from where do ended.
func (e *elements) each(do func(element) error) error {
	return e.walk(do, func(string) error { return nil })
}

// walk calls start and end for each element.
func (e *elements) walk(start func(element) error, end func(name string) error) error {
	for {
		token, err := e.next()
		if token == nil || err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			err = start(newElement(t))
		case xml.EndElement:
			err = end(t.Name.Local)
		}
		if err != nil {
			return err
		}
	}
}

func newElement(t xml.StartElement) element {
	e := element{name: t.Name.Local, attr: make(map[string]string, len(t.Attr))}
	for _, a := range t.Attr {
		name := a.Name.Local
		if name == "id" && a.Name.Space != "" { // r:id, beside an id of another meaning
			name = "r:id"
		}
		e.attr[name] = a.Value
	}
	return e
}

// on reports whether a property that is written <name/> or <name val="..."/> holds.
func (e element) on() bool {
	switch e.attr["val"] {
	case "0", "false", "off":
		return false
	}
	return true
}

// text is the text of the element that has just begun, to its end.
func (e *elements) text() (string, error) {
	var b strings.Builder
	for outer := e.depth - 1; e.depth > outer; {
		token, err := e.next()
		if err != nil || token == nil {
			return "", err
		}
		if text, ok := token.(xml.CharData); ok {
			b.Write(text)
		}
	}
	return b.String(), nil
}

// skip leaves out the rest of the element that has just begun.
func (e *elements) skip() error {
	for outer := e.depth - 1; e.depth > outer; {
		if token, err := e.next(); err != nil || token == nil {
			return err
		}
	}
	return nil
}
