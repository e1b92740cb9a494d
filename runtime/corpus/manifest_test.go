package corpus

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

func listing(segments, dead int) manifest {
	m := manifest{previous: hash{7}}
	for i := range segments {
		m.segments = append(m.segments, member{object: uuid.New(), header: hash{byte(i)}, documents: uint32(i), bytes: 100 + uint32(i)})
	}
	for range dead {
		m.dead = append(m.dead, uuid.New())
	}
	return m
}

func TestManifestIsReadAsItWasWritten(t *testing.T) {
	for _, want := range []manifest{{}, listing(1, 0), listing(0, 1), listing(maxSegments, maxDead)} {
		got, err := decodeManifest(want.encode())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.encode(), got.encode()); diff != "" {
			t.Errorf("(-written +read):\n%s", diff)
		}
		if len(got.segments) != len(want.segments) || len(got.dead) != len(want.dead) {
			t.Errorf("%d segments and %d dead are read, of %d and %d", len(got.segments), len(got.dead), len(want.segments), len(want.dead))
		}
	}
}

func FuzzDecodeManifest(f *testing.F) {
	for _, m := range []manifest{{}, listing(1, 1), listing(3, 2)} {
		f.Add(m.encode())
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := decodeManifest(in)
		if err != nil {
			if !errors.Is(err, seal.ErrCorrupt) {
				t.Errorf("refused with %v", err)
			}
			return
		}
		if diff := cmp.Diff(in, m.encode()); diff != "" {
			t.Errorf("another encoding is read, too:\n%s", diff)
		}
	})
}
