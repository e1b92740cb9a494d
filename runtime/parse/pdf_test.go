package parse

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
)

// pdfOf makes a file of objects, numbered from 1; the first is the catalog, the
// second the file's information.
func pdfOf(objects []string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	var offsets []int
	for i, object := range objects {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R /Info 2 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, xref)
	return b.Bytes()
}

func pdfStream(content string) string {
	return fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content)
}

// pdfPage is a document of one page with the fonts F1 (Helvetica), F2 (bold), F3
// (two-byte codes) and F4 (glyphs by name), and the form X, which draws itself.
func pdfPage(content string) []string {
	return pdfPages(content)
}

func pdfPages(contents ...string) []string {
	objects := []string{
		"<< /Type /Catalog /Pages 3 0 R >>",
		"<< /Title (Refund policy) >>",
		"", // the tree of pages
		"<< /Font << /F1 5 0 R /F2 6 0 R /F3 7 0 R /F4 10 0 R >> /XObject << /X 11 0 R >> >>",
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
		"<< /Type /Font /Subtype /Type0 /BaseFont /Some /Encoding /Identity-H /DescendantFonts [8 0 R] /ToUnicode 9 0 R >>",
		"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Some /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW 500 /W [1 [600 600] 3 4 600] >>",
		pdfStream("1 begincodespacerange <0000> <FFFF> endcodespacerange\n1 beginbfchar <0001> <65E5> endbfchar\n2 beginbfrange <0002> <0003> <0041> <0004> <0005> [<00660066> <D83DDE00>] endbfrange"),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Mine /FirstChar 1 /LastChar 5 /Widths [500 500 500 500 500] /Encoding << /Differences [1 /eacute /Zcaron /fi /uni20AC /quotedblleft] >> >>",
		"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 46 >>\nstream\nBT /F1 12 Tf 72 500 Td (in a form) Tj ET /X Do \nendstream",
	}
	var kids []string
	for _, content := range contents {
		objects = append(objects, pdfStream(content), fmt.Sprintf("<< /Type /Page /Parent 3 0 R /MediaBox [0 0 612 792] /Contents %d 0 R >>", len(objects)+1))
		kids = append(kids, fmt.Sprintf("%d 0 R", len(objects)))
	}
	objects[2] = fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d /Resources 4 0 R >>", strings.Join(kids, " "), len(kids))
	return objects
}

func TestPDF(t *testing.T) {
	running := func(n int) string {
		return fmt.Sprintf("BT /F1 9 Tf 72 780 Td (Page %d of 5) Tj /F1 12 Tf 0 -80 Td (Text number %s.) Tj ET", n, strings.Repeat("I", n))
	}
	tests := map[string]struct {
		pages []string
		want  string
	}{
		"a heading and paragraphs": {
			[]string{`BT /F2 20 Tf 72 720 Td (Guide) Tj /F1 12 Tf 0 -40 Td 14 TL (Within 30 days you may re-) Tj T* (turn it.) Tj
			T* (Really.) Tj 0 -30 Td (The next \(last\) paragraph.) Tj ET`},
			"# Guide\n\nWithin 30 days you may return it. Really.\n\nThe next (last) paragraph.",
		},
		"spaces by position": {
			[]string{"BT /F1 12 Tf 1 0 0 1 72 700 Tm [(With) -30 (in) -400 (30)] TJ 1 0 0 1 130 700 Tm (days) Tj ET"},
			"Within 30 days",
		},
		"lists": {[]string{"BT /F1 12 Tf 72 700 Td 14 TL (\\225 one) Tj T* (more) Tj T* (\\225 two) Tj ET"}, "- one more\n- two"},
		"bold":  {[]string{"BT /F2 12 Tf 72 700 Td 14 TL (Refunds) Tj T* /F1 12 Tf (Within a lot of days.) Tj ET"}, "# Refunds\n\nWithin a lot of days."},
		"two-byte codes": {
			[]string{"BT /F3 12 Tf 72 700 Td <000100020003000400050009> Tj ET"}, "日ABff😀",
		},
		"glyphs by name": {[]string{"BT /F4 12 Tf 72 700 Td <0102030405> Tj ET"}, "éŽfi€“"},
		"turned":         {[]string{"BT /F1 12 Tf 0 1 -1 0 300 100 Tm (upwards) Tj ET"}, "upwards"},
		"an inline image": {
			[]string{"BI /W 1 /H 1 ID \x00(EI\xff EI BT /F1 12 Tf 72 700 Td (after) Tj ET"}, "after",
		},
		"an artifact":           {[]string{"/Artifact BMC BT /F1 12 Tf 72 700 Td (no) Tj ET EMC BT /F1 12 Tf 72 600 Td (yes) Tj ET"}, "yes"},
		"running titles":        {[]string{running(1), running(2), running(3), running(4), running(5)}, "Text number I.\n\nText number II.\n\nText number III.\n\nText number IIII.\n\nText number IIIII."},
		"over the page":         {[]string{"BT /F1 12 Tf 72 100 Td (This goes) Tj ET", "BT /F1 12 Tf 72 700 Td (on here.) Tj ET"}, "This goes on here."},
		"a line like a heading": {[]string{"BT /F1 12 Tf 72 700 Td (# no heading) Tj ET"}, "\\# no heading"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := parsed(t, mediaPDF, pdfOf(pdfPages(test.pages...)))
			compare(t, got, Text{Title: "Refund policy", Body: test.want})
		})
	}
}

// TestRepairedPDF reads a file whose cross-references are wrong, as those of many
// programs are.
func TestRepairedPDF(t *testing.T) {
	data := pdfOf(pdfPage("BT /F1 12 Tf 72 700 Td (Hello) Tj ET"))
	data = bytes.Replace(data, []byte("%PDF-1.7\n"), []byte("%PDF-1.7\n% moved\n"), 1)
	compare(t, parsed(t, mediaPDF, data), Text{Title: "Refund policy", Body: "Hello"})
}

// TestRealPDF reads files of other programs, which come with the module that reads
// their objects.
func TestRealPDF(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/pdfcpu/pdfcpu").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"Walden.pdf":                      {"# WALDEN", "SOLITUDE"},
		"TheGoProgrammingLanguageCh1.pdf": {"# Tutorial"},
		"pike-stanford.pdf":               {"Go"},
	} {
		data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "pkg", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		text := parsed(t, mediaPDF, data)
		for _, part := range want {
			if !strings.Contains(text.Body, part) {
				t.Errorf("%s: no %q in %d bytes", name, part, len(text.Body))
			}
		}
	}
}

// TestEncryptedPDF reads a file that anybody may open and only its owner change, and
// refuses one that asks for a password.
func TestEncryptedPDF(t *testing.T) {
	api.DisableConfigDir()
	encrypted := func(password string) []byte {
		var b bytes.Buffer
		plain := bytes.NewReader(pdfOf(pdfPage("BT /F1 12 Tf 72 700 Td (Hello) Tj ET")))
		must(t, api.Encrypt(plain, &b, model.NewAESConfiguration(password, "owner", 256)))
		return b.Bytes()
	}
	if got := parsed(t, mediaPDF, encrypted("")); strings.TrimSpace(got.Body) != "Hello" {
		t.Errorf("for anybody: %q", got.Body)
	}
	if got := refused(t, mediaPDF, encrypted("secret")); got != Encrypted {
		t.Errorf("with a password: %s", got)
	}
}

// TestAnnotatedPDF reads text that was put onto the page later, unless it is hidden.
func TestAnnotatedPDF(t *testing.T) {
	objects := pdfPage("BT /F1 12 Tf 72 700 Td (Hello) Tj ET")
	last := len(objects) - 1
	note := func(flags int) string {
		return fmt.Sprintf("<< /Type /Annot /Subtype /FreeText /F %d /Rect [72 500 200 520] /AP << /N %d 0 R >> >>", flags, len(objects)+1)
	}
	objects[last] = strings.Replace(objects[last], ">>", "/Annots ["+note(0)+note(2)+"] >>", 1)
	content := "BT /F1 12 Tf (Approved) Tj ET"
	objects = append(objects, fmt.Sprintf("<< /Subtype /Form /BBox [0 0 128 20] /Resources 4 0 R /Length %d >>\nstream\n%s\nendstream", len(content), content))
	compare(t, parsed(t, mediaPDF, pdfOf(objects)), Text{Title: "Refund policy", Body: "Hello\n\nApproved"})
}

func TestHostilePDF(t *testing.T) {
	hello := pdfPage("BT /F1 12 Tf 72 700 Td (Hello) Tj ET")
	with := func(number int, object string) []byte {
		objects := append([]string(nil), hello...)
		objects[number-1] = object
		return pdfOf(objects)
	}
	whole := pdfOf(hello)
	scan := pdfOf(pdfPage("0 0 m 9 9 l S"))
	deep := strings.Repeat("[", 1<<20)
	manyForms := "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 60 >>\nstream\n/X Do /X Do /X Do /X Do /X Do /X Do /X Do /X Do /X Do /X Do  \nendstream"
	forms := pdfPage("/X Do")
	forms[10] = manyForms
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, err := z.Write(bytes.Repeat([]byte(" "), maxUnpacked))
	must(t, err, z.Close())
	bomb := fmt.Sprintf("<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream", packed.Len(), packed.String())
	tests := map[string]struct {
		data []byte
		want []Reason // none: it reads
	}{
		"pages in a circle":        {with(3, "<< /Type /Pages /Kids [3 0 R 3 0 R] /Count 1 >>"), []Reason{NoText, Malformed}},
		"a page is its parent":     {with(13, "<< /Type /Pages /Parent 13 0 R /Kids [3 0 R 13 0 R] >>"), []Reason{NoText, Malformed}},
		"references in a circle":   {with(4, "4 0 R"), nil},
		"cross-references circle":  {bytes.Replace(whole, []byte("/Info 2 0 R"), []byte(fmt.Sprintf("/Info 2 0 R /Prev %d", bytes.LastIndex(whole, []byte("xref\n0")))), 1), []Reason{Malformed}},
		"cross-references of none": {bytes.Replace(whole, []byte("xref\n0 14"), []byte("xref\n0 99999999"), 1), []Reason{Malformed, NoText, OutOfMemory}},
		"bomb":                     {with(len(hello)-1, bomb), []Reason{OutOfMemory, NoText}},
		"forms in forms":           {pdfOf(forms), []Reason{TooLarge}},
		"nested arrays":            {with(4, deep), nil},
		"nested in a page":         {pdfOf(pdfPage(deep + " BT /F1 12 Tf (x) Tj ET")), []Reason{NoText}},
		"a scan":                   {scan, []Reason{NoText}},
		"cut off":                  {whole[:len(whole)/3], []Reason{Malformed, NoText}},
		"no PDF":                   {[]byte("hello"), []Reason{Malformed}},
		"noise":                    {append([]byte("%PDF-1.7\n"), noise(1<<20)...), []Reason{Malformed}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if test.want == nil {
				parsed(t, mediaPDF, test.data)
				return
			}
			got := refused(t, mediaPDF, test.data)
			for _, want := range test.want {
				if got == want {
					return
				}
			}
			t.Errorf("%s, want one of %v", got, test.want)
		})
	}
}
