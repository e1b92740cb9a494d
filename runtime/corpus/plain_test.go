package corpus

import (
	"bytes"
	"encoding/hex"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// Nothing of an open index is in the database's files, its log of what was written or a
// dump as it is in memory: no postings, no vectors and no basis. What is stored as it is
// is found in all of these, or they were looked for in vain.
func TestDatabaseHoldsNoOpenIndex(t *testing.T) {
	w := newWorld(t, roomy)
	acme := w.tenant(t)
	w.fitted(t, acme)
	plain := map[string][][]byte{}
	err := w.corpus.withNewest(t.Context(), admin(t, acme), func(v *view) error {
		plain["basis"] = pieces(v.basis.Encode())
		for _, m := range v.manifest.segments {
			plain["terms"] = append(plain["terms"], pieces(v.memory[m.lexicon].plain)...)
			plain["vectors"] = append(plain["vectors"], pieces(v.memory[m.vectors].plain)...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.pg.Exec(t, `create table public.plain as select decode('`+hex.EncodeToString(plain["vectors"][0])+`', 'hex') as vectors`, "checkpoint")
	control := plain["vectors"][0]
	for what, forms := range plain {
		if len(forms) < 3 {
			t.Errorf("%d pieces of %s", len(forms), what)
		}
	}
	plain["vectors"] = plain["vectors"][1:]
	for where, of := range map[string][][]byte{"files": w.files(t, "base"), "log": w.files(t, "pg_wal"), "dump": {w.dump(t)}} {
		if !holds(of, control) {
			t.Errorf("the %s do not hold what is stored as it is", where)
		}
		for what, forms := range plain {
			for _, form := range forms {
				if holds(of, form) {
					t.Errorf("the %s hold %s", where, what)
				}
			}
		}
	}
}

const pieceBytes = 24

// pieces are some of an object's bytes that are seen nowhere else by chance.
func pieces(plain []byte) (some [][]byte) {
	for _, at := range []int{1, 2, 3} {
		from := len(plain) * at / 4
		piece := bytes.Clone(plain[from:min(from+pieceBytes, len(plain))])
		values := map[byte]bool{}
		for _, b := range piece {
			values[b] = true
		}
		if len(values) >= pieceBytes/2 {
			some = append(some, piece)
		}
	}
	return some
}

// holds reports whether bytes are among others, as they are or in hexadecimal digits.
func holds(all [][]byte, form []byte) bool {
	digits := []byte(hex.EncodeToString(form))
	for _, data := range all {
		if bytes.Contains(data, form) || bytes.Contains(data, digits) {
			return true
		}
	}
	return false
}

// files are those below a folder of the server's.
func (w *world) files(t *testing.T, folder string) (all [][]byte) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(w.pg.Dir, folder), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		all = append(all, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (w *world) dump(t *testing.T) []byte {
	t.Helper()
	program := filepath.Join(w.pg.Bin, "pg_dump")
	out, err := exec.CommandContext(t.Context(), program, "-h", w.pg.Host, "-p", strconv.Itoa(w.pg.Port), "-U", "postgres", binding.DatabaseName).Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}
