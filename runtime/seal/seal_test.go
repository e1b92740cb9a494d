package seal_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"slices"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

func TestCellOpensInItsPlaceOnly(t *testing.T) {
	w, other := newTenant(t), newTenant(t)
	at := seal.Place{Table: "document", Column: "meta_ct", Row: []byte("row")}
	key, sealed, err := w.SealCell(at, []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := w.OpenCell(at, key, sealed); err != nil || string(plain) != "secret" {
		t.Fatalf("%q, %v", plain, err)
	}
	if bytes.Contains(sealed, []byte("secret")) {
		t.Error("not sealed")
	}
	for name, place := range map[string]seal.Place{
		"table": {Table: "other", Column: at.Column, Row: at.Row}, "column": {Table: at.Table, Column: "other", Row: at.Row},
		"row": {Table: at.Table, Column: at.Column, Row: []byte("other")},
		// The same bytes, cut in other places.
		"boundary": {Table: at.Table + "m", Column: at.Column[1:], Row: at.Row},
	} {
		if _, err := w.OpenCell(place, key, sealed); !errors.Is(err, seal.ErrCorrupt) {
			t.Errorf("opens in another %s: %v", name, err)
		}
	}
	if _, err := other.OpenCell(at, key, sealed); !errors.Is(err, seal.ErrCorrupt) {
		t.Errorf("opens for another tenant: %v", err)
	}
	for i := range sealed {
		broken := bytes.Clone(sealed)
		broken[i] ^= 1
		if _, err := w.OpenCell(at, key, broken); !errors.Is(err, seal.ErrCorrupt) {
			t.Fatalf("opens with byte %d changed: %v", i, err)
		}
	}
	for n := range sealed {
		if _, err := w.OpenCell(at, key, sealed[:n]); !errors.Is(err, seal.ErrCorrupt) {
			t.Fatalf("opens cut to %d bytes: %v", n, err)
		}
	}
}

func TestMACsDifferByTenantPurposeAndParts(t *testing.T) {
	w, other := newTenant(t), newTenant(t)
	seen := map[string]bool{}
	for _, mac := range []func() ([]byte, error){
		func() ([]byte, error) { return w.MAC("a", []byte("bc")) },
		func() ([]byte, error) { return w.MAC("ab", []byte("c")) },
		func() ([]byte, error) { return w.MAC("a", []byte("b"), []byte("c")) },
		func() ([]byte, error) { return other.MAC("a", []byte("bc")) },
	} {
		sum, err := mac()
		if err != nil || seen[string(sum)] {
			t.Errorf("%x again, or %v", sum, err)
		}
		seen[string(sum)] = true
	}
}

// object seals some bytes in four blocks.
func object(t testing.TB, w *tenant) (seal.Object, []byte) {
	t.Helper()
	plain := make([]byte, 3500)
	_, _ = rand.Read(plain)
	o, err := w.SealObject(seal.Source, plain, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return o, plain
}

// unseal opens all blocks as a reader does.
func unseal(w *tenant, o seal.Object) ([]byte, error) {
	opener, err := w.OpenObject(o.ID, o.Kind, o.Parts[0])
	if err != nil {
		return nil, err
	}
	var plain []byte
	for i := range opener.Blocks {
		var sealed []byte
		if i+1 < len(o.Parts) {
			sealed = o.Parts[i+1]
		}
		block, err := opener.Append(nil, i, sealed)
		if err != nil {
			return nil, err
		}
		plain = append(plain, block...)
	}
	return plain, nil
}

func TestObjectRoundTrip(t *testing.T) {
	w := newTenant(t)
	o, plain := object(t, w)
	if got, err := unseal(w, o); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("round trip: %v", err)
	}
	opener, err := w.OpenObject(o.ID, o.Kind, o.Parts[0])
	if err != nil || opener.Len() != 3500 {
		t.Fatalf("%d bytes, %v", opener.Len(), err)
	}
	for _, span := range [][5]int64{{0, 1, 0, 0, 0}, {0, 1000, 0, 0, 0}, {999, 1001, 0, 1, 0}, {1000, 2000, 1, 1, 1000}, {3400, 3500, 3, 3, 3000}, {0, 3500, 0, 3, 0}} {
		first, last, offset := opener.Span(span[0], span[1])
		if int64(first) != span[2] || int64(last) != span[3] || offset != span[4] {
			t.Errorf("%v: got %d %d %d", span, first, last, offset)
		}
	}
}

func TestTamperedObjectDoesNotOpen(t *testing.T) {
	w, other := newTenant(t), newTenant(t)
	tamper := map[string]func(o, second *seal.Object){
		"blocks swapped":           func(o, _ *seal.Object) { o.Parts[1], o.Parts[2] = o.Parts[2], o.Parts[1] },
		"block of another object":  func(o, s *seal.Object) { o.Parts[1] = s.Parts[1] },
		"header of another object": func(o, s *seal.Object) { o.Parts[0] = s.Parts[0] },
		"other id":                 func(o, s *seal.Object) { o.ID = s.ID },
		"other kind":               func(o, _ *seal.Object) { o.Kind = seal.Lexicon },
		"last block missing":       func(o, _ *seal.Object) { o.Parts = o.Parts[:len(o.Parts)-1] },
		"header cut":               func(o, _ *seal.Object) { o.Parts[0] = o.Parts[0][:len(o.Parts[0])-9] },
		"header longer":            func(o, _ *seal.Object) { o.Parts[0] = append(bytes.Clone(o.Parts[0]), 0) },
	}
	for name, change := range tamper {
		t.Run(name, func(t *testing.T) {
			o, _ := object(t, w)
			second, _ := object(t, w)
			change(&o, &second)
			if _, err := unseal(w, o); !errors.Is(err, seal.ErrCorrupt) {
				t.Errorf("got %v", err)
			}
		})
	}
	o, _ := object(t, w)
	if _, err := unseal(other, o); !errors.Is(err, seal.ErrCorrupt) {
		t.Errorf("another tenant opens it: %v", err)
	}
	for part := range o.Parts {
		for i := range o.Parts[part] {
			broken := seal.Object{ID: o.ID, Kind: o.Kind, Parts: slices.Clone(o.Parts)}
			broken.Parts[part] = bytes.Clone(o.Parts[part])
			broken.Parts[part][i] ^= 0x80
			if _, err := unseal(w, broken); !errors.Is(err, seal.ErrCorrupt) {
				t.Fatalf("part %d, byte %d changed: %v", part, i, err)
			}
		}
	}
}

func FuzzDecodeHeader(f *testing.F) {
	f.Add([]byte("BHS1"))
	f.Add(append([]byte("BHS1\x00\x01\x00\x00\x00\x3c"), make([]byte, 60)...))
	f.Fuzz(func(t *testing.T, in []byte) {
		head, err := seal.DecodeHeader(in)
		if err != nil && !errors.Is(err, seal.ErrCorrupt) {
			t.Errorf("another error: %v", err)
		}
		if err == nil && (len(head.Blocks) == 0 || len(head.Blocks)*9 > len(in) || head.Len() > int64(len(head.Blocks))*seal.MaxBlock) {
			t.Errorf("%d blocks of %d bytes out of %d bytes", len(head.Blocks), head.Len(), len(in))
		}
	})
}
