package main_test

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/hubgate/hubgate"

// A room is what one package may import: packages of this module from lower layers, and modules from outside. The standard
// library is free. A new arrow belongs here first, as a decision and not as an accident.
type room struct {
	layer   int
	module  []string
	outside []string
}

var rooms = map[string]room{
	".": {layer: 6, module: []string{"gate/cli"}},

	"gate/cli": {layer: 5,
		module: []string{"gate", "gate/action", "gate/codec", "gate/config", "gate/evalconf", "gate/report", "gate/score", "gate/stat",
			"hub", "hub/dataset", "hub/local", "hub/remote"},
		outside: []string{"github.com/bmatcuk/doublestar/v4", "golang.org/x/term"}},

	"gate/action": {layer: 4,
		module:  []string{"gate"},
		outside: []string{"github.com/google/go-github/v62", "github.com/sethvargo/go-githubactions"}},
	// GitHub as an http.Handler, for tests, held against GitHub's description of its API.
	"gate/action/actiontest": {layer: 4, outside: []string{"github.com/getkin/kin-openapi"}},
	"gate/report": {layer: 4,
		module:  []string{"gate", "gate/evalconf", "gate/score", "gate/stat"},
		outside: []string{"github.com/mattn/go-runewidth"}},
	"gate/config": {layer: 4,
		module:  []string{"gate", "gate/codec", "gate/evalconf", "gate/score", "gate/stat", "hub"},
		outside: []string{"github.com/agnivade/levenshtein", "github.com/bmatcuk/doublestar/v4", "go.yaml.in/yaml/v3"}},
	"hub/dataset": {layer: 4,
		module:  []string{"gate", "gate/codec", "gate/evalconf", "gate/score", "hub"},
		outside: []string{"go.yaml.in/yaml/v3"}},

	"gate/simulate": {layer: 4, module: []string{"gate", "gate/score", "gate/stat"}}, // nothing imports it: a study of the whole gate

	"gate":        {layer: 3, module: []string{"gate/evalconf", "gate/score", "gate/stat"}},
	"hub/remote":  {layer: 3, module: []string{"hub"}},
	"hub/local":   {layer: 3, module: []string{"hub"}, outside: []string{"github.com/rogpeppe/go-internal"}},
	"hub/hubtest": {layer: 3, module: []string{"hub"}},

	"gate/codec": {layer: 2,
		module: []string{"gate/evalconf", "gate/score"},
		// brotli and lz4 are codecs that Parquet files may use. The root package of parquet-go is for tests alone: it brings
		// protobuf and more, which takes 8 MB.
		outside: []string{"github.com/parquet-go/parquet-go/deprecated", "github.com/parquet-go/parquet-go/encoding/rle",
			"github.com/parquet-go/parquet-go/encoding/thrift", "github.com/parquet-go/parquet-go/format",
			"github.com/klauspost/compress", "github.com/andybalholm/brotli", "github.com/pierrec/lz4/v4",
			"github.com/golang/snappy"}}, // which, unlike klauspost's, writes the same bytes on every machine

	"gate/score":    {layer: 1},
	"gate/stat":     {layer: 1, outside: []string{"github.com/montanaflynn/stats"}},
	"gate/evalconf": {layer: 1, outside: []string{"github.com/pelletier/go-toml/v2", "go.yaml.in/yaml/v3"}},
	"hub":           {layer: 1},
}

// refusals says which imports of a package its room does not hold.
func refusals(pkg string, imports []string) []string {
	r, ok := rooms[pkg]
	if !ok {
		return []string{fmt.Sprintf("package %s is not in the import table of imports_test.go; add it with its layer and its imports", pkg)}
	}
	var refused []string
	for _, imp := range imports {
		ours, inModule := strings.CutPrefix(imp, module+"/")
		standard := !strings.Contains(strings.Split(imp, "/")[0], ".")
		switch {
		case standard,
			inModule && slices.Contains(r.module, ours),
			!inModule && slices.ContainsFunc(r.outside, func(m string) bool { return within(imp, m) }),
			// Goroutines that end together are wanted in any layer that does work.
			within(imp, "golang.org/x/sync") && r.layer <= rooms["gate/cli"].layer:
		default:
			refused = append(refused, fmt.Sprintf("package %s may not import %s", pkg, imp))
		}
	}
	return refused
}

func within(imp, mod string) bool { return imp == mod || strings.HasPrefix(imp, mod+"/") }

func TestImports(t *testing.T) {
	t.Parallel()
	ctx := build.Default
	ctx.UseAllFiles = true // whatever the system they are for
	for _, dir := range packages(t) {
		p, err := ctx.ImportDir(filepath.FromSlash(dir), 0)
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		for _, refused := range refusals(dir, p.Imports) {
			t.Error(refused)
		}
	}
}

// The table itself points downwards only.
func TestImportTableIsLayered(t *testing.T) {
	t.Parallel()
	for pkg, r := range rooms {
		for _, imp := range r.module {
			if lower, ok := rooms[imp]; !ok || lower.layer >= r.layer {
				t.Errorf("%s (layer %d) may import %s (layer %d): arrows point to lower layers", pkg, r.layer, imp, lower.layer)
			}
		}
	}
}

// What the table refuses is refused.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pkg, imp string
		refused  bool
	}{
		{"gate/score", "strings", false},
		{"gate/score", "net/http", false},
		{"gate/score", module + "/gate/stat", true},
		{"gate/score", "golang.org/x/sync/errgroup", false},
		{"gate", module + "/gate/stat", false},
		{"gate", module + "/gate/codec", true},
		{"gate", module + "/gate/simulate", true},
		{"gate/report", "github.com/google/go-github/v62/github", true},
		{"gate/action", "github.com/google/go-github/v62/github", false},
		{"gate/action", "github.com/google/go-github/v620/github", true},
		{"gate/codec", "github.com/parquet-go/parquet-go/format", false},
		{"gate/codec", "github.com/parquet-go/parquet-go", true},
		{"hub/local", module + "/gate", true},
		{".", module + "/gate", true},
		{".", "golang.org/x/sync/errgroup", true},
		{"gate/util", "strings", true},
	} {
		if got := len(refusals(c.pkg, []string{c.imp})) > 0; got != c.refused {
			t.Errorf("%s importing %s: refused %v, want %v", c.pkg, c.imp, got, c.refused)
		}
	}
}

// process lists what belongs to the process and so to main.go alone: everywhere else arguments, environment and exit codes
// are values, which a test can give and read.
var process = map[string][]string{
	"os":  {"Args", "Clearenv", "Environ", "Exit", "ExpandEnv", "Getenv", "LookupEnv", "Setenv", "Unsetenv"},
	"log": {"Fatal", "Fatalf", "Fatalln"},
}

func TestOnlyMainTouchesTheProcess(t *testing.T) {
	t.Parallel()
	for _, file := range sources(t) {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, filepath.FromSlash(file), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, use := range processUses(fset, f) {
			if file != "main.go" {
				t.Errorf("%s; hand it in as a value from main.go", use)
			}
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: func init; build the value where it is used", fset.Position(fn.Pos()))
			}
		}
	}
}

func TestProcessUses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		src  string
		want int
	}{
		{`import "os"; func f() { os.Exit(1) }`, 1},
		{`import unix "os"; var _ = unix.Args`, 1},
		{`import "os"; var f = os.Getenv`, 1},
		{`import "log"; func f() { log.Fatalf("") }`, 1},
		{`import . "os"; func f() { Exit(1) }`, 1},
		{`import "os"; var _ = os.Stdout`, 0},
		{`import "example.com/os"; func f() { os.Exit(1) }`, 0},
		{`type t struct{ Args int }; func f(os t) int { return os.Args }`, 0},
	} {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, "x.go", "package x; "+c.src, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(processUses(fset, f)); got != c.want {
			t.Errorf("%s: %d uses, want %d", c.src, got, c.want)
		}
	}
}

// processUses lists where a file mentions what belongs to the process. A dot import of such a package counts by itself.
func processUses(fset *token.FileSet, f *ast.File) []string {
	var uses []string
	names := map[string][]string{} // what the file calls the package
	for _, imp := range f.Imports {
		pkg := strings.Trim(imp.Path.Value, `"`)
		name := path.Base(pkg)
		if imp.Name != nil {
			name = imp.Name.Name
		}
		if process[pkg] != nil && name == "." {
			uses = append(uses, fmt.Sprintf("%s: dot import of %s", fset.Position(imp.Pos()), pkg))
		}
		if process[pkg] != nil {
			names[name] = process[pkg]
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && slices.Contains(names[x.Name], sel.Sel.Name) {
			uses = append(uses, fmt.Sprintf("%s: %s.%s", fset.Position(sel.Pos()), x.Name, sel.Sel.Name))
		}
		return true
	})
	return uses
}

// sources lists the module's Go files that are not tests, by slash-separated path.
func sources(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && file != "." && (name == "testdata" || name == "node_modules" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")) {
			return fs.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			files = append(files, filepath.ToSlash(file))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(files, "main.go") {
		t.Fatal("no main.go: is the test run from the root of the repository?")
	}
	return files
}

// packages lists the folders that hold sources.
func packages(t *testing.T) []string {
	t.Helper()
	var dirs []string
	for _, file := range sources(t) {
		dirs = append(dirs, path.Dir(file))
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}
