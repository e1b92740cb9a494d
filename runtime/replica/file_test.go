package replica_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

const (
	typeHTML = "text/html"
	typePDF  = "application/pdf"
	typeDOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
)

// wordFile is a DOCX with the given body.
func wordFile(t *testing.T, body string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range map[string]string{
		"_rels/.rels": `<Relationships><Relationship Id="r1"
			Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`,
		"word/document.xml": `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>` + body + `</w:body></w:document>`,
	} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pdfFile is a PDF of one page with one line.
func pdfFile(line string) []byte {
	content := "BT /F1 12 Tf 72 700 Td (" + line + ") Tj ET"
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	table := fmt.Sprintf("xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for i, object := range objects {
		table += fmt.Sprintf("%010d 00000 n \n", b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	at := b.Len()
	fmt.Fprintf(&b, "%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", table, len(objects)+1, at)
	return b.Bytes()
}

// putFile sends a file.
func (n *node) putFile(t *testing.T, w *tenant, name, contentType string, data []byte, header ...string) response {
	t.Helper()
	all := map[string]string{"Authorization": "Bearer " + w.key, "Content-Type": contentType}
	for i := 0; i+1 < len(header); i += 2 {
		all[header[i]] = header[i+1]
	}
	return n.send(t, http.MethodPut, "/v1/documents/"+url.PathEscape(name), bytes.NewReader(data), all)
}

// stored is the text of a document.
func (n *node) stored(t *testing.T, w *tenant, name string) string {
	t.Helper()
	return string(expect(t, n.ask(t, w, "GET", "/v1/documents/"+url.PathEscape(name)+"/content", ""), 200, "").body)
}

func TestFilesAreRead(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	files := map[string]struct {
		contentType string
		data        []byte
		title, word string
	}{
		"page.html": {typeHTML + "; charset=iso-8859-1", []byte("<title>Caf\xe9</title><h1>Opening</h1><p>The espresso machine hisses.<script>hidden()</script>"), "Café", "espresso"},
		"page.pdf":  {typePDF, pdfFile("The turbine spins quietly."), "page.pdf", "turbine"},
		"page.docx": {typeDOCX, wordFile(t, "<w:p><w:r><w:t>The harbour crane lifts timber.</w:t></w:r></w:p>"), "page.docx", "timber"},
		"page.eml":  {"message/rfc822", []byte("Subject: Minutes\r\nFrom: a@example.com\r\n\r\nThe committee postponed the regatta.\r\n"), "Minutes", "regatta"},
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			var doc docJSON
			expect(t, n.putFile(t, acme, name, file.contentType, file.data), 201, "").into(t, &doc)
			media, _, _ := strings.Cut(file.contentType, ";")
			text := n.stored(t, acme, name)
			if doc.Title != file.title || doc.MediaType != media || doc.Bytes != len(text) {
				t.Errorf("%+v of a text of %d bytes", doc, len(text))
			}
			expect(t, n.putFile(t, acme, name, file.contentType, file.data), 200, "")
			var found struct{ Data []passageJSON }
			expect(t, n.ask(t, acme, "POST", "/v1/retrieve", fmt.Sprintf(`{"query":%q,"top_k":1}`, file.word)), 200, "").into(t, &found)
			if len(found.Data) != 1 || found.Data[0].ExternalID != name {
				t.Fatalf("%s: found %+v", file.word, found.Data)
			}
			n.checkSpan(t, acme, found.Data[0], text)
			var said answerJSON
			expect(t, n.ask(t, acme, "POST", "/v1/answer", fmt.Sprintf(`{"query":"What about the %s?"}`, file.word)), 200, "").into(t, &said)
			if !strings.Contains(said.Answer, file.word) {
				t.Errorf("answer %q", said.Answer)
			}
			for _, p := range said.Citations {
				n.checkSpan(t, acme, p, text)
			}
		})
	}
	if strings.Contains(n.stored(t, acme, "page.html"), "hidden") {
		t.Error("a script became text")
	}
}

// hostile are files that mean no good, and what is said of them.
func hostile(t *testing.T) map[string]struct {
	contentType string
	data        []byte
	status      int
	code        string
} {
	return map[string]struct {
		contentType string
		data        []byte
		status      int
		code        string
	}{
		"bomb.docx":  {typeDOCX, wordFile(t, strings.Repeat(" ", 257<<20)), 413, "document_too_large"},
		"deep.html":  {typeHTML, []byte(strings.Repeat("<div>", 100_000)), 422, "document_malformed"},
		"large.html": {typeHTML, []byte(strings.Repeat("<p>x", 1<<20)), 422, "document_out_of_memory"},
		"noise.pdf":  {typePDF, bytes.Repeat([]byte("%PDF-1.7 obj << /Kids "), 1000), 422, "document_malformed"},
		"loop.pdf":   {typePDF, bytes.Replace(pdfFile("x"), []byte("/Kids [3 0 R]"), []byte("/Kids [2 0 R]"), 1), 400, "empty_document"},
		"blank.txt":  {"text/plain", []byte("\u202e\u200b \u202c\n"), 400, "empty_document"},
		"titles.md":  {"text/markdown", []byte("# " + strings.Repeat("title ", 20) + "\n" + strings.Repeat("## b\nc\n", 1<<17)), 413, "document_too_large"},
	}
}

// A hostile file costs its own request and nobody else's.
func TestHostileFiles(t *testing.T) {
	c := newCell(t)
	c.parse.Memory = (1 << 30) / 6 // as in a container of 1 GiB
	mallory, acme := c.tenant(t, "mallory"), c.tenant(t, "acme")
	mallory.edit(t, func(b *binding.Binding) { b.Limits.ConcurrentIngests = 16 })
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", "text"), 201, "")
	stop := n.steady(t, acme)
	files := hostile(t)
	var all errgroup.Group
	all.SetLimit(2) // more would wait for one another for longer than any may
	for name, file := range files {
		all.Go(func() error {
			began := time.Now()
			r := n.putFile(t, mallory, name, file.contentType, file.data)
			if r.status != file.status || r.code() != file.code {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("%s took %s", name, took)
			}
			return nil
		})
	}
	expect(t, n.putFile(t, acme, "page.html", typeHTML, []byte("<p>An ordinary page.")), 201, "")
	_ = all.Wait()
	stop()
	expect(t, n.putFile(t, mallory, "page.html", typeHTML, []byte("<p>An ordinary page.")), 201, "")
}

// Out of the queue, a hostile file ends as a failure with a reason.
func TestHostileFilesInTheQueue(t *testing.T) {
	c := newCell(t)
	c.parse.Memory = (1 << 30) / 6
	mallory, acme := c.tenant(t, "mallory"), c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", "text"), 201, "")
	stop := n.steady(t, acme)
	files := hostile(t)
	delete(files, "large.html") // which is tried again, as memory may lack for another reason
	for name, file := range files {
		expect(t, n.queueFile(t, mallory, name, file.contentType, string(file.data)), 202, "")
	}
	expect(t, n.queueFile(t, acme, "page.html", typeHTML, "<p>An ordinary page."), 202, "")
	if doc := n.ends(t, acme, "page.html"); doc.Status != "completed" {
		t.Errorf("%+v", doc)
	}
	for name, file := range files {
		if doc := n.ends(t, mallory, name); doc.Status != "failed" || doc.LastError == nil || doc.LastError.Code != file.code || doc.LastError.Message == "" {
			t.Errorf("%s: %+v", name, doc)
		}
	}
	stop()
}

// A line of 100 MB is refused before it is sent, and one that is as long as a document
// may be is a document as any other.
func TestLongLine(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme", func(b *binding.Binding) { b.Limits.DocumentBytes = 2 << 20 })
	n := c.start(t, "runtime-0")
	for _, prefer := range []string{"handling=lenient", "respond-async"} {
		header := map[string]string{"Authorization": "Bearer " + acme.key, "Content-Type": "text/plain", "Expect": "100-continue", "Prefer": prefer}
		line := strings.NewReader(strings.Repeat("x", 100<<20))
		expect(t, n.send(t, "PUT", "/v1/documents/a", line, header), 413, "document_too_large")
		if read := line.Size() - int64(line.Len()); read > 1<<20 {
			t.Errorf("%d bytes were read", read)
		}
	}
	began := time.Now()
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", strings.Repeat("x", 2<<20)), 201, "")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

// What reorders a text or hides in it is no part of it: a person reads what a model does.
func TestTextThatIsNotSeen(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	for _, contentType := range []string{"text/plain", "text/markdown"} {
		data := "\ufeffThe invoice:\r\npay \u202e001\u202c to \u2066Bob\u2069\U000E0049\U000E0067."
		const want = "The invoice:\r\npay 001 to Bob."
		expect(t, n.putFile(t, acme, "now", contentType, []byte(data)), 201, "")
		expect(t, n.putFile(t, acme, "now", contentType, []byte(data)), 200, "") // as it was sent
		expect(t, n.queueFile(t, acme, "later", contentType, data), 202, "")
		for _, name := range []string{"now", "later"} {
			if doc := n.ends(t, acme, name); doc.Status != "completed" || doc.Bytes != len(want) || n.stored(t, acme, name) != want {
				t.Errorf("%s: %+v %q", name, doc, n.stored(t, acme, name))
			}
		}
		var found struct{ Data []passageJSON }
		expect(t, n.ask(t, acme, "POST", "/v1/retrieve", `{"query":"invoice"}`), 200, "").into(t, &found)
		if len(found.Data) != 2 || found.Data[0].Text != want {
			t.Errorf("found %+v", found.Data)
		}
		for _, name := range []string{"now", "later"} {
			expect(t, n.ask(t, acme, "DELETE", "/v1/documents/"+name, ""), 204, "")
		}
	}
}

// A file may hold more text than a document may.
func TestTextLargerThanItsFile(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme", func(b *binding.Binding) { b.Limits.DocumentBytes = 2000 })
	n := c.start(t, "runtime-0")
	file := wordFile(t, "<w:p><w:r><w:t>"+strings.Repeat("again and ", 300)+"</w:t></w:r></w:p>")
	if len(file) > 2000 {
		t.Fatalf("the file has %d bytes", len(file))
	}
	r := expect(t, n.putFile(t, acme, "a", typeDOCX, file), 413, "document_too_large")
	if !strings.Contains(string(r.body), "2000 bytes") {
		t.Errorf("%s", r.body)
	}
}

// A file that is there already is not read again to find that out, and one that differs
// in anything is.
func TestUnchangedFileIsNotRead(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	put := func(query string, data []byte) response {
		header := map[string]string{"Authorization": "Bearer " + acme.key, "Content-Type": typePDF}
		return n.send(t, "PUT", "/v1/documents/page.pdf"+query, bytes.NewReader(data), header)
	}
	file := pdfFile("The turbine spins quietly.")
	var made, again docJSON
	expect(t, put("", file), 201, "").into(t, &made)
	n.stop()
	c.parse.Program = "/proc/self/none"
	n = c.start(t, "runtime-1")
	expect(t, put("", file), 200, "").into(t, &again)
	if diff := cmp.Diff(made, again); diff != "" {
		t.Errorf("(-made +again):\n%s", diff)
	}
	expect(t, put("?title=Turbines", file), 500, "internal_error")
	expect(t, put("", pdfFile("The turbine stands still.")), 500, "internal_error")
	expect(t, n.ask(t, acme, "DELETE", "/v1/documents/page.pdf", ""), 204, "")
	expect(t, put("", file), 500, "internal_error")
}
