package upload

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// types are the media types of the files that are sent, by their names' extensions.
var types = map[string]string{
	".txt": "text/plain", ".text": "text/plain", ".md": "text/markdown", ".markdown": "text/markdown",
	".html": "text/html", ".htm": "text/html", ".xhtml": "application/xhtml+xml",
	".pdf": "application/pdf", ".eml": "message/rfc822",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

// file is one that is sent.
type file struct {
	path  string
	name  string // of the document
	media string
	bytes int64
}

// collect finds the files below the given paths, whose documents are named after their
// place in the directory that was given, and counts those of other types. Hidden files
// and links are left out.
func collect(paths []string, prefix string) (files []file, skipped int, err error) {
	for _, root := range paths {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			hidden := strings.HasPrefix(entry.Name(), ".") && path != root
			switch {
			case err != nil:
				return err
			case hidden && entry.IsDir():
				return filepath.SkipDir
			case hidden || entry.IsDir():
				return nil
			}
			f, known, err := newFile(root, path, prefix)
			if known {
				files = append(files, f)
			} else {
				skipped++
			}
			return err
		})
		if err != nil {
			return nil, 0, err
		}
	}
	slices.SortFunc(files, func(a, b file) int { return cmp.Compare(a.name, b.name) })
	for i := 1; i < len(files); i++ {
		if files[i].name == files[i-1].name {
			return nil, 0, fmt.Errorf("%s and %s would both be the document %q: send them one after the other, with another --prefix each", files[i-1].path, files[i].path, files[i].name)
		}
	}
	return files, skipped, nil
}

// newFile describes a file, if it is one of a known type.
func newFile(root, path, prefix string) (f file, known bool, err error) {
	media, known := types[strings.ToLower(filepath.Ext(path))]
	if !known {
		return file{}, false, nil
	}
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return file{}, false, err
	}
	name, err := filepath.Rel(root, path)
	if err != nil {
		return file{}, false, err
	}
	if name == "." {
		name = filepath.Base(path)
	}
	return file{path: path, name: prefix + filepath.ToSlash(name), media: media, bytes: info.Size()}, true, nil
}
