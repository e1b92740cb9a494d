package pdftext

import (
	"bytes"
	"errors"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// ErrEncrypted is of a file that does not open without a password, or in a way that
// is not known.
var ErrEncrypted = errors.New("encrypted PDF")

// ErrTooLarge is of a file with more pages, or more work, than is allowed.
var ErrTooLarge = errors.New("too much in the PDF")

const (
	maxTree  = 64      // depth of the tree of pages
	maxForms = 100_000 // times that a document draws forms, which can hold others
	maxForm  = 16      // depth of forms in forms
	maxState = 64      // depth of saved graphics states
)

// Document is a PDF.
type Document struct {
	objects *model.XRefTable
	fonts   map[types.IndirectRef]*font
	forms   int // drawn so far
}

// Open reads the objects of a PDF, of which each stream decodes to at most so many
// bytes.
func Open(data []byte, maxStream int64) (*Document, error) {
	model.ConfigPath = "disable" // the library would keep a directory of its own
	conf := model.NewDefaultConfiguration()
	conf.Offline = true
	conf.Limits.MaxStreamBytes, conf.Limits.MaxDecodeBytes = maxStream, maxStream
	ctx, err := pdfcpu.Read(bytes.NewReader(data), conf)
	switch {
	case errors.Is(err, pdfcpu.ErrWrongPassword), errors.Is(err, pdfcpu.ErrUnsupportedEncryptionFeature):
		return nil, ErrEncrypted
	case err != nil:
		return nil, err
	}
	return &Document{objects: ctx.XRefTable, fonts: map[types.IndirectRef]*font{}}, nil
}

// Title is the one that the file says it has.
func (d *Document) Title() string {
	if d.objects.Info == nil {
		return ""
	}
	title, err := d.objects.DereferenceText(d.dict(*d.objects.Info)["Title"])
	if err != nil {
		return "" // it is not a text
	}
	return title
}

// Pages calls read with the lines of each page, of at most so many.
func (d *Document) Pages(most int, read func([]Line) error) error {
	root, err := d.objects.Catalog()
	if err != nil {
		return err
	}
	w := tree{document: d, left: most, seen: map[types.IndirectRef]bool{}, read: read}
	return w.walk(root["Pages"], nil, 0)
}

// tree walks the tree of pages, each node of it once.
type tree struct {
	document *Document
	left     int
	seen     map[types.IndirectRef]bool
	read     func([]Line) error
}

func (w *tree) walk(o types.Object, resources types.Dict, depth int) error {
	if ref, ok := o.(types.IndirectRef); ok {
		if w.seen[ref] {
			return nil
		}
		w.seen[ref] = true
	}
	node := w.document.dict(o)
	if node == nil || depth > maxTree {
		return nil
	}
	if own := w.document.dict(node["Resources"]); own != nil {
		resources = own
	}
	if kids := w.document.array(node["Kids"]); kids != nil {
		for _, kid := range kids {
			if err := w.walk(kid, resources, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	if w.left--; w.left < 0 {
		return ErrTooLarge
	}
	p := newInterpreter(w.document)
	if err := p.run(w.document.content(node["Contents"]), resources, 0); err != nil {
		return err
	}
	if err := p.annotations(node["Annots"]); err != nil {
		return err
	}
	return w.read(p.lines.done())
}
