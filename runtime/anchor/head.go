package anchor

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Head is a state of a tenant's index.
type Head struct {
	Incarnation, Generation int64
	Manifest                [32]byte // SHA-256 of the sealed manifest
}

// compare is negative when h is older than other, and 0 when they are of the same
// generation, whatever their manifests.
func (h Head) compare(other Head) int {
	return cmp.Or(cmp.Compare(h.Incarnation, other.Incarnation), cmp.Compare(h.Generation, other.Generation))
}

// String is the head as the ConfigMap has it: incarnation.generation.hash.
func (h Head) String() string {
	return fmt.Sprintf("%d.%d.%x", h.Incarnation, h.Generation, h.Manifest)
}

// parse reads what String wrote.
func parse(text string) (h Head, err error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return h, fmt.Errorf("anchor %q: want incarnation.generation.hash", text)
	}
	if h.Incarnation, err = strconv.ParseInt(parts[0], 10, 64); err != nil {
		return h, fmt.Errorf("anchor %q: incarnation: %w", text, err)
	}
	if h.Generation, err = strconv.ParseInt(parts[1], 10, 64); err != nil {
		return h, fmt.Errorf("anchor %q: generation: %w", text, err)
	}
	sum, err := hex.DecodeString(parts[2])
	if err != nil || len(sum) != len(h.Manifest) {
		return h, fmt.Errorf("anchor %q: hash", text)
	}
	copy(h.Manifest[:], sum)
	return h, nil
}
