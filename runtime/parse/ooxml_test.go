package parse

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// zipped makes an archive of names and contents.
func zipped(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range parts {
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

const relationTypes = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"

// related makes a part of relations: id, type, target and so on.
func related(relations ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	for i := 0; i+2 < len(relations); i += 3 {
		fmt.Fprintf(&b, `<Relationship Id="%s" Type="%s%s" Target="%s"/>`, relations[i], relationTypes, relations[i+1], relations[i+2])
	}
	return b.String() + `</Relationships>`
}

const coreProperties = `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>Ada</dc:creator><dc:title>Refunds</dc:title></cp:coreProperties>`

func docxOf(t testing.TB, body string) []byte {
	t.Helper()
	const w = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"`
	return zipped(t, map[string]string{
		"[Content_Types].xml":          `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"_rels/.rels":                  related("r1", "officeDocument", "word/document.xml", "r2", "metadata/core-properties", "docProps/core.xml"),
		"docProps/core.xml":            coreProperties,
		"word/_rels/document.xml.rels": related("r1", "styles", "styles.xml", "r2", "footnotes", "footnotes.xml"),
		"word/styles.xml": `<w:styles ` + w + `><w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>
			<w:style w:styleId="Mine"><w:name w:val="Mine"/><w:basedOn w:val="berschrift1"/></w:style>
			<w:style w:styleId="Loop"><w:name w:val="Loop"/><w:basedOn w:val="Loop"/></w:style>
			<w:style w:styleId="Bullet"><w:name w:val="List Bullet"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style></w:styles>`,
		"word/footnotes.xml": `<w:footnotes ` + w + `><w:footnote w:id="1"><w:p><w:r><w:t>A note.</w:t></w:r></w:p></w:footnote></w:footnotes>`,
		"word/document.xml":  `<?xml version="1.0" encoding="UTF-8"?><w:document ` + w + ` xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:body>` + body + `</w:body></w:document>`,
	})
}

func paragraphs(texts ...string) string {
	var b strings.Builder
	for _, text := range texts {
		b.WriteString(`<w:p><w:r><w:t xml:space="preserve">` + text + `</w:t></w:r></w:p>`)
	}
	return b.String()
}

func TestDOCX(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"headings": {
			`<w:p><w:pPr><w:pStyle w:val="berschrift1"/></w:pPr><w:r><w:t>Guide</w:t></w:r></w:p>
			<w:p><w:pPr><w:pStyle w:val="Mine"/></w:pPr><w:r><w:t>Based</w:t></w:r></w:p>
			<w:p><w:pPr><w:outlineLvl w:val="2"/></w:pPr><w:r><w:t>Outlined</w:t></w:r></w:p>
			<w:p><w:pPr><w:pStyle w:val="Loop"/></w:pPr><w:r><w:t>Text</w:t></w:r></w:p>`,
			"# Guide\n\n# Based\n\n### Outlined\n\nText",
		},
		"runs": {
			`<w:p><w:pPr><w:tabs><w:tab w:val="left"/></w:tabs></w:pPr><w:r><w:t xml:space="preserve">With</w:t></w:r><w:r><w:t>in 30</w:t><w:tab/><w:t>days &amp; nights</w:t><w:br/><w:t>at most</w:t></w:r></w:p>`,
			"Within 30 days & nights\nat most",
		},
		"lists": {
			`<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>one</w:t></w:r></w:p>
			<w:p><w:pPr><w:numPr><w:ilvl w:val="1"/></w:numPr></w:pPr><w:r><w:t>deep</w:t></w:r></w:p>
			<w:p><w:pPr><w:pStyle w:val="Bullet"/></w:pPr><w:r><w:t>two</w:t></w:r></w:p>`,
			"- one\n  - deep\n- two",
		},
		"a table": {
			`<w:tbl><w:tr><w:tc>` + paragraphs("A") + `</w:tc><w:tc>` + paragraphs("B", "b") + `</w:tc></w:tr>
			<w:tr><w:tc>` + paragraphs("1") + `</w:tc><w:tc><w:tbl><w:tr><w:tc>` + paragraphs("in") + `</w:tc></w:tr></w:tbl>` + paragraphs("out") + `</w:tc></w:tr></w:tbl>`,
			"| A | B b |\n| 1 | in out |",
		},
		"what nobody sees": {
			`<w:p><w:r><w:t>see</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>a</w:t></w:r><w:del><w:r><w:delText>b</w:delText></w:r></w:del>
			<w:moveFrom><w:r><w:t>c</w:t></w:r></w:moveFrom><w:r><w:instrText>d</w:instrText></w:r><w:r><w:t>&#x202e; it</w:t></w:r></w:p>`,
			"see it",
		},
		"a text box": {
			`<w:p><w:r><w:t>around</w:t></w:r><w:r><mc:AlternateContent><mc:Choice><w:txbxContent>` + paragraphs("boxed") + `</w:txbxContent></mc:Choice>
			<mc:Fallback><w:txbxContent>` + paragraphs("boxed") + `</w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>`,
			"boxed\n\naround",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			compare(t, parsed(t, mediaDOCX, docxOf(t, test.body)), Text{Title: "Refunds", Body: test.want + "\n\nA note."})
		})
	}
}

const slideNamespaces = `xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`

// slideOf is a slide with attributes of its own.
func slideOf(attr, shapes string) string {
	return `<p:sld ` + slideNamespaces + attr + `><p:cSld><p:spTree>` + shapes + `</p:spTree></p:cSld></p:sld>`
}

// shapeOf is a shape: attr are its own, ph makes a placeholder of it.
func shapeOf(attr, ph, text string) string {
	if ph != "" {
		ph = `<p:nvPr><p:ph ` + ph + `/></p:nvPr>`
	}
	return `<p:sp><p:nvSpPr><p:cNvPr id="1" name="x" ` + attr + `/>` + ph + `</p:nvSpPr><p:txBody>` + text + `</p:txBody></p:sp>`
}

// tableOf is a table of one row.
func tableOf(attr string, cells ...string) string {
	row := ""
	for _, cell := range cells {
		row += `<a:tc><a:txBody>` + slideText(0, cell) + `</a:txBody></a:tc>`
	}
	return `<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="1" name="x" ` + attr + `/></p:nvGraphicFramePr><a:tbl><a:tr>` + row + `</a:tr></a:tbl></p:graphicFrame>`
}

func groupOf(attr, shapes string) string {
	return `<p:grpSp><p:nvGrpSpPr><p:cNvPr id="1" name="x" ` + attr + `/></p:nvGrpSpPr>` + shapes + `</p:grpSp>`
}

func slideText(level int, text string) string {
	return fmt.Sprintf(`<a:p><a:pPr lvl="%d"/><a:r><a:t>%s</a:t></a:r></a:p>`, level, text)
}

func pptxOf(t testing.TB) []byte {
	t.Helper()
	return zipped(t, map[string]string{
		"_rels/.rels":                      related("r1", "officeDocument", "ppt/presentation.xml", "r2", "metadata/core-properties", "docProps/core.xml"),
		"docProps/core.xml":                coreProperties,
		"ppt/presentation.xml":             `<p:presentation ` + slideNamespaces + `><p:sldIdLst><p:sldId id="256" r:id="b"/><p:sldId id="257" r:id="a"/><p:sldId id="258" r:id="c"/></p:sldIdLst></p:presentation>`,
		"ppt/_rels/presentation.xml.rels":  related("a", "slide", "slides/slide1.xml", "b", "slide", "/ppt/slides/slide2.xml", "c", "slide", "slides/slide3.xml"),
		"ppt/slides/slide1.xml":            slideOf("", tableOf("", "A", "B")),
		"ppt/slides/slide2.xml":            slideOf("", shapeOf("", `idx="1"`, slideText(0, "one")+slideText(1, "deep"))+shapeOf("", `type="ctrTitle"`, slideText(0, "Intro"))+shapeOf("", "", slideText(0, "a box"))+shapeOf("", `type="sldNum"`, slideText(0, "7"))),
		"ppt/slides/_rels/slide2.xml.rels": related("n", "notesSlide", "../notesSlides/notesSlide1.xml"),
		"ppt/notesSlides/notesSlide1.xml":  `<p:notes ` + slideNamespaces + `><p:cSld>` + shapeOf("", `type="body" idx="1"`, slideText(0, "say hello")) + shapeOf("", `type="sldNum"`, slideText(0, "7")) + `</p:cSld></p:notes>`,
		"ppt/slides/slide3.xml":            slideOf(` show="0"`, shapeOf("", "", slideText(0, "not shown"))),
	})
}

func TestPPTX(t *testing.T) {
	compare(t, parsed(t, mediaPPTX, pptxOf(t)), Text{
		Title: "Refunds",
		Body:  "## Intro\n\n- one\n  - deep\n\na box\n\n### Notes\n\n- say hello\n\n## Slide 2\n\n| A | B |",
	})
}

// TestHiddenShapes has shapes of every kind that PowerPoint does not show.
func TestHiddenShapes(t *testing.T) {
	const hidden = `hidden="1"`
	shown := shapeOf("", "", slideText(0, "shown"))
	for name, test := range map[string]struct{ shapes, want string }{
		"a text box":     {shapeOf(hidden, "", slideText(0, "no")) + shown, "shown"},
		"in words":       {shapeOf(`hidden="true"`, "", slideText(0, "no")) + shown, "shown"},
		"a title":        {shapeOf(hidden, `type="title"`, slideText(0, "no")) + shown, "shown"},
		"a body":         {shapeOf(hidden, `idx="1"`, slideText(0, "no")) + shown, "shown"},
		"a table":        {tableOf(hidden, "no", "no") + shown + tableOf("", "A"), "shown\n\n| A |"},
		"a group":        {groupOf(hidden, shapeOf("", `type="body"`, slideText(0, "no"))+tableOf("", "no")) + shown, "shown"},
		"a group in one": {groupOf(hidden, groupOf("", shapeOf("", "", slideText(0, "no")))+shapeOf("", "", slideText(0, "no"))) + shown, "shown"},
		"one of a group": {groupOf("", shapeOf(hidden, "", slideText(0, "no"))+shown) + shown, "shown\n\nshown"},
		"a picture":      {groupOf("", `<p:pic><p:nvPicPr><p:cNvPr id="1" name="x" hidden="1"/></p:nvPicPr></p:pic>`+shown), "shown"},
		"not hidden":     {shapeOf(`hidden="0"`, "", slideText(0, "shown")), "shown"},
		"a whole slide":  {groupOf(hidden, shown), ""},
	} {
		t.Run(name, func(t *testing.T) {
			data := zipped(t, map[string]string{
				"_rels/.rels":                     related("r1", "officeDocument", "ppt/presentation.xml"),
				"ppt/presentation.xml":            `<p:presentation ` + slideNamespaces + `><p:sldIdLst><p:sldId id="256" r:id="a"/></p:sldIdLst></p:presentation>`,
				"ppt/_rels/presentation.xml.rels": related("a", "slide", "slides/slide1.xml"),
				"ppt/slides/slide1.xml":           slideOf("", test.shapes),
			})
			compare(t, parsed(t, mediaPPTX, data), Text{Body: "## Slide 1\n\n" + test.want})
		})
	}
}

func xlsxOf(t testing.TB, fill func(*excelize.File)) []byte {
	t.Helper()
	book := excelize.NewFile()
	fill(book)
	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestXLSX(t *testing.T) {
	data := xlsxOf(t, func(book *excelize.File) {
		percent, err := book.NewStyle(&excelize.Style{NumFmt: 10})
		must(
			t, err,
			book.SetDocProps(&excelize.DocProperties{Title: "Refunds"}),
			book.SetSheetRow("Sheet1", "A1", &[]any{"Item", "Rate", "Note"}),
			book.SetSheetRow("Sheet1", "A2", &[]any{"Tea", 0.125, nil}),
			book.SetSheetRow("Sheet1", "A4", &[]any{"a|b", 3, "x"}),
			book.SetSheetRow("Sheet1", "A5", &[]any{"hidden"}),
			book.SetRowVisible("Sheet1", 5, false),
			book.SetCellStyle("Sheet1", "B2", "B2", percent),
		)
		_, err = book.NewSheet("Secret")
		must(t, err, book.SetSheetRow("Secret", "A1", &[]any{"no"}), book.SetSheetVisible("Secret", false))
	})
	compare(t, parsed(t, mediaXLSX, data), Text{
		Title: "Refunds",
		Body:  "## Sheet1\n\n| Item | Rate | Note |\n| Tea | 12.50% |\n| a\\|b | 3 | x |",
	})
}

func fillSample(book *excelize.File) {
	if err := book.SetSheetRow("Sheet1", "A1", &[]any{"a", 1.5}); err != nil {
		panic(err)
	}
}

func TestEncryptedOffice(t *testing.T) {
	book := excelize.NewFile()
	var b bytes.Buffer
	must(t, book.Write(&b, excelize.Options{Password: "secret"}))
	for _, media := range []string{mediaDOCX, mediaPPTX, mediaXLSX} {
		if got := refused(t, media, b.Bytes()); got != Encrypted {
			t.Errorf("%s: %s", media, got)
		}
	}
}

// bomb is an archive of one part that unpacks to many times its size.
func bomb(t *testing.T, name string, head, tail string, size int) []byte {
	return zipped(t, map[string]string{
		"_rels/.rels": related("r1", "officeDocument", name),
		name:          head + strings.Repeat(" ", size) + tail,
	})
}

func TestHostileOffice(t *testing.T) {
	laughs := `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><w:document><w:body><w:p><w:r><w:t>&b;</w:t></w:r></w:p></w:body></w:document>`
	external := `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><w:document><w:p><w:r><w:t>&a;</w:t></w:r></w:p></w:document>`
	document := func(content string) []byte {
		return zipped(t, map[string]string{"_rels/.rels": related("r", "officeDocument", "d.xml"), "d.xml": content})
	}
	many := map[string]string{}
	for i := range maxEntries + 1 {
		many[fmt.Sprint(i)] = ""
	}
	inner := bomb(t, "d.xml", "<a>", "</a>", 1<<20)
	whole := docxOf(t, paragraphs("x"))
	tests := map[string]struct {
		media string
		data  []byte
		want  []Reason
	}{
		"bomb":              {mediaDOCX, bomb(t, "d.xml", "<a>", "</a>", maxUnpacked), []Reason{TooLarge}},
		"smaller bomb":      {mediaDOCX, bomb(t, "d.xml", "<a>", "</a>", maxUnpacked/4), []Reason{OutOfMemory, NoText}},
		"bomb of rows":      {mediaXLSX, bombOfRows(t), []Reason{TooLarge, TimedOut, OutOfMemory}},
		"nested archives":   {mediaDOCX, document(string(inner)), []Reason{Malformed}},
		"many entries":      {mediaDOCX, zipped(t, many), []Reason{TooLarge}},
		"entities":          {mediaDOCX, document(laughs), []Reason{Malformed}},
		"external entities": {mediaDOCX, document(external), []Reason{Malformed}},
		"deep":              {mediaDOCX, document(strings.Repeat("<w:p>", 1<<20)), []Reason{Malformed}},
		"truncated":         {mediaDOCX, whole[:len(whole)/2], []Reason{Malformed}},
		"no archive":        {mediaPPTX, []byte("hello"), []Reason{Malformed}},
		"another archive":   {mediaXLSX, whole, []Reason{Malformed, NoText}},
		"no document":       {mediaDOCX, zipped(t, map[string]string{"a": "b"}), []Reason{Malformed}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := refused(t, test.media, test.data)
			for _, want := range test.want {
				if got == want {
					return
				}
			}
			t.Errorf("%s, want one of %v", got, test.want)
		})
	}
}

// bombOfRows is a workbook whose small file is a long table: the worksheet of a real
// book with its row repeated.
func bombOfRows(t *testing.T) []byte {
	t.Helper()
	return xlsxOf(t, func(book *excelize.File) {
		w, err := book.NewStreamWriter("Sheet1")
		must(t, err)
		for i := range 40_000 {
			must(t, w.SetRow(fmt.Sprintf("A%d", i+1), []any{strings.Repeat("x", 1000)}))
		}
		must(t, w.Flush())
	})
}
