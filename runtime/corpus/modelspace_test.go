package corpus

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/lsa"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

func TestModelSpaceIsReadAsItWasWritten(t *testing.T) {
	seen := map[lsa.Revision]modelSpace{}
	for _, want := range []modelSpace{{"m", 2, false}, {"m", 2, true}, {"m", 3, false}, {"n", 2, false}, {"a longer name", 4096, true}} {
		got, err := decodeSpace(want.Encode())
		if err != nil || got != space(want) || got.Revision() != want.Revision() {
			t.Errorf("%+v is read as %+v, %v", want, got, err)
		}
		if other, there := seen[want.Revision()]; there {
			t.Errorf("%+v and %+v have the same revision", want, other)
		}
		seen[want.Revision()] = want
	}
	for _, damaged := range []string{"", modelMagic, modelMagic + "\x00\x00\x00\x02\x00", modelMagic + "\x00\x00\x00\x00\x00m", modelMagic + "\x00\x00\xff\xff\x00m", modelMagic + "\x00\x00\x00\x02\x02m"} {
		if got, err := decodeSpace([]byte(damaged)); err == nil {
			t.Errorf("%q is read as %v", damaged, got)
		}
	}
}

func FuzzDecodeSpace(f *testing.F) {
	for _, seed := range []modelSpace{{"m", 2, false}, {"a longer name", vector.MaxDimensions, true}} {
		f.Add(seed.Encode())
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := decodeSpace(in)
		if err != nil {
			return
		}
		if diff := cmp.Diff(in, got.Encode()); diff != "" {
			t.Errorf("another encoding is read, too:\n%s", diff)
		}
		if d := got.Dimensions(); d < 1 || d > vector.MaxDimensions {
			t.Errorf("%d dimensions", d)
		}
	})
}

// TestVectorsOfAnotherModelAreRefused: same dimensions, another model.
func TestVectorsOfAnotherModelAreRefused(t *testing.T) {
	tenant := uuid.New()
	wrapped, err := seal.Generate(t.Context(), tenant, plainKEK{})
	if err != nil {
		t.Fatal(err)
	}
	keys := seal.NewKeyring(tenant, time.Hour, time.Now)
	if err := keys.Renew(t.Context(), plainKEK{}, wrapped); err != nil {
		t.Fatal(err)
	}
	rows, err := vector.Encode(2, [][]float32{{1, 0}})
	if err != nil {
		t.Fatal(err)
	}
	of, other := &basis{space: modelSpace{"m", 2, false}}, &basis{space: modelSpace{"m2", 2, false}}
	var s sealed
	if err := s.addVectors(keys, of, rows, &s.vectors); err != nil {
		t.Fatal(err)
	}
	if _, _, err := openVectors(1, of, plainOf(t, keys, s.objects[0])); err != nil {
		t.Errorf("its own: %v", err)
	}
	if _, _, err := openVectors(1, other, plainOf(t, keys, s.objects[0])); !errors.Is(err, seal.ErrCorrupt) {
		t.Errorf("another's: %v", err)
	}
}

func plainOf(t *testing.T, keys *seal.Keyring, sealed seal.Object) []byte {
	t.Helper()
	opener, err := keys.OpenObject(sealed.ID, sealed.Kind, sealed.Parts[0])
	if err != nil {
		t.Fatal(err)
	}
	plain, err := opener.Append(nil, 0, sealed.Parts[1])
	if err != nil {
		t.Fatal(err)
	}
	return plain
}
