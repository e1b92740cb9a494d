package corpus

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
)

// TestTextsInOtherBlocks: a passage is read whatever the size of the blocks that its text
// was sealed in.
func TestTextsInOtherBlocks(t *testing.T) {
	w := newWorld(t, CacheConfig{Bytes: 64 << 20, Tenant: 64 << 20, ColdLoads: 2})
	acme := w.tenant(t)
	text := strings.Builder{}
	for i := range 400 {
		fmt.Fprintf(&text, "# Part %d\n\nThis is what is said of w%dz and of nothing else, over and over again for a hundred bytes.\n\n", i, i)
	}
	w.put(t, acme, "long", text.String())
	r := admin(t, acme)
	var hits []engine.Hit
	err := w.corpus.withView(t.Context(), r, func(v *view) error {
		hits = v.search(r.Caller, Query{Text: "w250z", K: 1}, nil, 0)
		return nil
	})
	if err != nil || len(hits) != 1 {
		t.Fatalf("%d hits, %v", len(hits), err)
	}
	about, err := openAttributes(hits[0].Attributes)
	if err != nil {
		t.Fatal(err)
	}
	if sourceBlock(about.bytes()) >= hits[0].Chunk.Start {
		t.Fatalf("the passage at %d is in the first block", hits[0].Chunk.Start)
	}
	for _, said := range []uint64{uint64(about.bytes()), MaxDocument} {
		about.size = binary.AppendUvarint(nil, said)
		fetched, err := r.texts(t.Context(), []sought{{hits[0], about}})
		if err != nil {
			t.Fatal(err)
		}
		p, err := fetched.passage(sought{hits[0], about})
		if err != nil || !strings.Contains(p.Text, "w250z") {
			t.Errorf("of a text of %d bytes: %q, %v", said, p.Text, err)
		}
	}
}
