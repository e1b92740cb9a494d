package parse

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"
)

// noise is always the same.
func noise(size int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

// samples are whole files, one or more a format.
func samples(t testing.TB) map[string][][]byte {
	return map[string][][]byte{
		mediaHTML: {[]byte("<title>t</title><h1>a</h1><ul><li>b</ul><table><tr><td>c</table>")},
		mediaEML:  {eml(append(aboutLines[:len(aboutLines):len(aboutLines)], "Content-Type: multipart/mixed; boundary=b", "", "--b", "", "x", "--b--")...)},
		mediaDOCX: {docxOf(t, paragraphs("a", "b"))},
		mediaPPTX: {pptxOf(t)},
		mediaXLSX: {xlsxOf(t, fillSample)},
		mediaPDF:  {pdfOf(pdfPage("BT /F1 12 Tf 72 700 Td (Hello) Tj ET"))},
	}
}

// TestDamaged cuts each sample short and overwrites parts of it. Whatever comes of
// it, it is a text or a typed error, and comes soon.
func TestDamaged(t *testing.T) {
	p := New(Config{})
	for media, files := range samples(t) {
		for _, whole := range append(files, noise(1<<16)) {
			for i := range 8 {
				damaged := append([]byte(nil), whole[:len(whole)*(i+1)/8]...)
				copy(damaged[len(damaged)*i/8:], noise(i))
				began := time.Now()
				_, err := p.Parse(t.Context(), media, damaged)
				if e := (*Error)(nil); err != nil && !errors.As(err, &e) {
					t.Errorf("%s cut at %d: %v", media, len(damaged), err)
				}
				if took := time.Since(began); took > maxSeconds*time.Second {
					t.Errorf("%s cut at %d took %v", media, len(damaged), took)
				}
			}
		}
	}
}
