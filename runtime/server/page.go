package server

import (
	"net/http"
	"strings"

	"github.com/bulkhead-dev/bulkhead/runtime/web"
)

func getPage(x *exchange) error { return x.sendPageFile(web.Index) }

func getPageFile(x *exchange) error { return x.sendPageFile(x.r.PathValue("file")) }

// sendPageFile sends a file of the web page, unless the browser has it.
func (x *exchange) sendPageFile(name string) error {
	file, there := web.Open(name)
	if !there {
		return errNoRoute
	}
	h := x.w.Header()
	h.Set("Content-Security-Policy", web.ContentSecurityPolicy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache") // it is asked every time whether the ETag is still that
	h.Set("ETag", file.ETag)
	if strings.Contains(x.r.Header.Get("If-None-Match"), file.ETag) {
		x.header(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", file.ContentType)
	x.header(http.StatusOK)
	return x.send(file.Data)
}
