package store

import (
	"fmt"
	"os"
	"strings"
)

// Secret is what a login needs: the content of a file, which is read for every
// connection so that a rotated one takes effect with the next, or else a text.
type Secret struct {
	File string
	Text string
}

func (s Secret) read() (string, error) {
	if s.File == "" {
		return s.Text, nil
	}
	content, err := os.ReadFile(s.File)
	return strings.TrimRight(string(content), "\n"), err
}

// Format prints a Secret without its text.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "secret(%s)", s.File) }
