package tier

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// programs are the folders with what is shipped. The API declares the tiers, and
// this package says what they are: nobody else names one.
var programs = []string{"cmd", "controllers", "runtime"}

// TestOnlyThisPackageNamesATier keeps a tier data: code that asks for one by name
// would have to change with the next.
func TestOnlyThisPackageNamesATier(t *testing.T) {
	const root = "../.."
	looked := 0
	for _, program := range programs {
		err := filepath.WalkDir(filepath.Join(root, program), func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() && path == filepath.Join(root, "controllers", "tier") {
				return fs.SkipDir
			}
			if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			looked++
			for _, name := range named(t, path, nil) {
				t.Errorf("%s: ask a tier.Profile what it owns, and never for its name", name)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if looked < 100 {
		t.Errorf("looked at %d files only", looked)
	}
}

func TestANamedTierIsSeen(t *testing.T) {
	const source = `package x
import api "github.com/bulkhead-dev/bulkhead/api/v1alpha1"
func f(t api.Tier) bool {
	switch t {
	case api.TierShared, "Dedicated\x50ods":
		return true
	}
	return "Shared by all" == "TierShared"
}`
	want := []string{"x.go:5:11: TierShared", `x.go:5:23: "Dedicated\x50ods"`}
	if diff := cmp.Diff(want, named(t, "x.go", source)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// named are the places of a file where it names a tier: by a constant of the API,
// or by the word itself.
func named(t *testing.T, path string, source any) []string {
	t.Helper()
	var constants, words []string
	for _, p := range All() {
		constants, words = append(constants, "Tier"+string(p.Name)), append(words, string(p.Name))
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(file, func(node ast.Node) bool {
		text := ""
		switch n := node.(type) {
		case *ast.Ident:
			if slices.Contains(constants, n.Name) {
				text = n.Name
			}
		case *ast.BasicLit:
			if word, err := strconv.Unquote(n.Value); err == nil && slices.Contains(words, word) {
				text = n.Value
			}
		}
		if text != "" {
			found = append(found, files.Position(node.Pos()).String()+": "+text)
		}
		return true
	})
	return found
}
