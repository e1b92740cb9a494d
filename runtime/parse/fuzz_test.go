package parse

import (
	"errors"
	"testing"
	"unicode/utf8"
)

// Each target reads a file in this process; what a child does beyond that is to
// bound memory and time. go test runs the seeds only.

func FuzzHTML(f *testing.F) { fuzz(f, mediaHTML) }
func FuzzPDF(f *testing.F)  { fuzz(f, mediaPDF) }
func FuzzDOCX(f *testing.F) { fuzz(f, mediaDOCX) }
func FuzzPPTX(f *testing.F) { fuzz(f, mediaPPTX) }
func FuzzXLSX(f *testing.F) { fuzz(f, mediaXLSX) }
func FuzzEML(f *testing.F)  { fuzz(f, mediaEML) }

func fuzz(f *testing.F, media string) {
	for _, sample := range samples(f)[media] {
		f.Add(sample)
		f.Add(sample[:len(sample)/2])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			t.Skip("larger files take time, not other code")
		}
		o := attempt(formats[media], data, "")
		if _, known := advice[o.reason]; !known && o.reason != "" {
			t.Errorf("reason %q", o.reason)
		}
		if body := clean(o.text.Body); !utf8.ValidString(body) || clean(body) != body {
			t.Errorf("not clean: %q", body)
		}
	})
}

// FuzzFrame reads what a child might say that somebody took over.
func FuzzFrame(f *testing.F) {
	for _, frame := range []string{"", "\n\n", "\ntitle\nbody", "too_large\n\n", "nonsense\n\n", "\n"} {
		f.Add([]byte(frame))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		_, err := readFrame(frame)
		if e := (*Error)(nil); err != nil && (!errors.As(err, &e) || advice[e.Reason] == "") {
			t.Errorf("readFrame: %v", err)
		}
	})
}
