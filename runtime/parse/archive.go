package parse

import (
	"archive/zip"
	"bytes"
	"io"
	"path"
	"strings"
)

// archive is an Office Open XML file: XML parts in a ZIP archive, with relations
// between them. Parts are read by name only and none is written anywhere.
type archive struct {
	parts map[string]*zip.File
	left  int64 // bytes that may still be unpacked
}

// compound is what a file of Office before 2007 begins with, and an encrypted one.
var (
	compound         = []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	encryptedPackage = []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")
)

func openArchive(data []byte) (*archive, error) {
	if bytes.HasPrefix(data, compound) && bytes.Contains(data, encryptedPackage) {
		return nil, because(Encrypted)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, because(Malformed)
	}
	if len(z.File) > maxEntries {
		return nil, because(TooLarge)
	}
	a := &archive{parts: make(map[string]*zip.File, len(z.File)), left: maxUnpacked}
	unpacked := uint64(0) // an entry that is larger than it says fails to unpack
	for _, f := range z.File {
		if unpacked += f.UncompressedSize64; unpacked > maxUnpacked || f.UncompressedSize64 > maxUnpacked {
			return nil, because(TooLarge)
		}
		a.parts[strings.TrimPrefix(f.Name, "/")] = f
	}
	return a, nil
}

// part reads one part with read; a part that is not there is empty.
func (a *archive) part(name string, read func(*elements) error) error {
	f, ok := a.parts[name]
	if !ok {
		return nil
	}
	r, err := f.Open()
	if err != nil {
		return because(Malformed)
	}
	defer r.Close()
	return read(newElements(&metered{r: r, left: &a.left}))
}

// relation is from one part to another.
type relation struct {
	kind   string // the last element of its type
	target string // name of the other part
}

// relations of a part, by id; of the whole file for the name "". Those that lead out
// of the file are left out.
func (a *archive) relations(name string) (map[string]relation, error) {
	found := map[string]relation{}
	dir, base := path.Split(name)
	err := a.part(dir+"_rels/"+base+".rels", func(e *elements) error {
		return e.each(func(start element) error {
			if start.name != "Relationship" || start.attr["TargetMode"] == "External" {
				return nil
			}
			target := start.attr["Target"]
			if strings.HasPrefix(target, "/") {
				target = target[1:]
			} else {
				target = path.Join(dir, target)
			}
			found[start.attr["Id"]] = relation{kind: path.Base(start.attr["Type"]), target: target}
			return nil
		})
	})
	return found, err
}

// related is the part that a part has one relation of this kind to, or "".
func (a *archive) related(name, kind string) (string, error) {
	relations, err := a.relations(name)
	for _, r := range relations {
		if r.kind == kind {
			return r.target, err
		}
	}
	return "", err
}

// main is the part that the file is about.
func (a *archive) main() (string, error) {
	name, err := a.related("", "officeDocument")
	if err == nil && a.parts[name] == nil {
		err = because(Malformed)
	}
	return name, err
}

// title is the one among the file's properties.
func (a *archive) title() (string, error) {
	name, err := a.related("", "core-properties")
	if err != nil {
		return "", err
	}
	title := ""
	return title, a.part(name, func(e *elements) error {
		return e.each(func(start element) error {
			if start.name == "title" {
				title, err = e.text()
			}
			return err
		})
	})
}

// metered counts what is unpacked: relations may name one part many times.
type metered struct {
	r    io.Reader
	left *int64
}

func (m *metered) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if *m.left -= int64(n); *m.left < 0 {
		return 0, because(TooLarge)
	}
	return n, err
}
