// Package web is the page at / of the runtime, on which a tenant can be tried in a
// browser: files that are served as they are, and need nothing of any other host.
package web

import (
	"crypto/sha256"
	"embed"
	"fmt"
	"path"
)

//go:embed static
var static embed.FS

// Index is the name of the page itself.
const Index = "index.html"

// ContentSecurityPolicy lets the page load its own files, ask its own API, and do
// nothing else: no inline code, no HTML out of texts, no forms, no frames.
const ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// types are the media types of the files, by extension.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// File is a file of the page.
type File struct {
	ContentType string
	ETag        string // strong, of the content
	Data        []byte
}

// Open finds a file by its name.
func Open(name string) (File, bool) {
	data, err := static.ReadFile(path.Join("static", path.Base(name)))
	if err != nil {
		return File{}, false
	}
	return File{ContentType: types[path.Ext(name)], ETag: fmt.Sprintf(`"%x"`, sha256.Sum256(data)), Data: data}, true
}
