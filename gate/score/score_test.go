package score

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var model = Key{Model: "m"}

func sample(row int, id string, scores ...Value) Sample {
	return Sample{Key: model, ID: id, Row: row, Scores: scores}
}

func value(metric string, score float64) Value { return Value{Metric: metric, Score: score} }

func missing(metric string, cause Cause) Value { return Value{Metric: metric, Cause: cause} }

// build makes the one table of some samples of one file.
func build1(t *testing.T, samples ...Sample) *Table {
	t.Helper()
	var b Builder
	b.File("f")
	for _, s := range samples {
		if err := b.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	tables, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	if len(tables) != 1 {
		t.Fatalf("got %d tables, want 1", len(tables))
	}
	return tables[0]
}

// show spells a table: its rows in canonical order.
func show(t *Table) string {
	var b strings.Builder
	for k := range t.Len() {
		i := t.Order(k)
		fmt.Fprintf(&b, "%s/%d%s", t.ID(i), t.Trial(i), t.Group(i))
		for _, c := range t.Columns() {
			if c.Scored(i) {
				fmt.Fprintf(&b, " %s=%v", c.Metric, c.Values[i])
			} else {
				fmt.Fprintf(&b, " %s=%s(%v)", c.Metric, c.Causes[i], c.Values[i])
			}
		}
		b.WriteString("; ")
	}
	return strings.TrimSuffix(b.String(), "; ")
}

func TestBuild(t *testing.T) {
	t.Parallel()
	derived := func(s Sample) Sample { s.Derived = true; return s }
	trial := func(n int, s Sample) Sample { s.Trial = n; return s }
	group := func(g string, s Sample) Sample { s.Group = g; return s }
	for _, tt := range []struct {
		name    string
		samples []Sample
		want    string
	}{
		{"in order of ids", []Sample{sample(1, "b", value("x", 1)), sample(2, "a", value("x", 2))}, "a/0 x=2; b/0 x=1"},
		{"long ids that begin alike", []Sample{sample(1, "question-10", value("x", 1)), sample(2, "question-1", value("x", 2)), sample(3, "question-", value("x", 3))},
			"question-/0 x=3; question-1/0 x=2; question-10/0 x=1"},
		{"a zero byte sorts before the end of an id", []Sample{sample(1, "a\x00", value("x", 1)), sample(2, "a", value("x", 2))}, "a/0 x=2; a\x00/0 x=1"},
		{"causes have no value", []Sample{sample(1, "a", missing("x", OffScale)), sample(2, "b", value("x", 0)), sample(3, "c", missing("x", Text))},
			"a/0 x=off_scale(0); b/0 x=0; c/0 x=text(0)"},
		{"a metric that comes late or not is null", []Sample{sample(1, "a", value("x", 1)), sample(2, "b", value("y", 2), value("x", 3)), sample(3, "c")},
			"a/0 x=1 y=null(0); b/0 x=3 y=2; c/0 x=null(0) y=null(0)"},
		{"a column without a number", []Sample{sample(1, "a", missing("x", Text)), sample(2, "b", missing("x", Null))}, "a/0 x=text(0); b/0 x=null(0)"},
		{"trials", []Sample{trial(2, sample(1, "a", value("x", 1))), trial(1, sample(2, "a", value("x", 2)))}, "a/1 x=2; a/2 x=1"},
		{"derived ids that stand twice are trials", []Sample{derived(sample(1, "b", value("x", 1))), derived(sample(2, "a", value("x", 2))), derived(sample(3, "b", value("x", 3)))},
			"a/0 x=2; b/0 x=1; b/1 x=3"},
		{"groups that come late", []Sample{sample(1, "a", value("x", 1)), group("g", sample(2, "b", value("x", 2)))}, "a/0 x=1; b/0g x=2"},
		{"ids that some rows lack are dropped", []Sample{sample(1, "b", value("x", 1)), sample(2, "", value("x", 2)), sample(3, "a", value("x", 3))},
			"/0 x=1; /0 x=2; /0 x=3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := show(build1(t, tt.samples...)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	var b Builder
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if err := b.Add(sample(1, "a", value("x", v))); err == nil {
			t.Errorf("no error for a score of %v", v)
		}
	}
	for _, tt := range []struct {
		name  string
		files [2]string
		add   Sample
		want  string
	}{
		{"an id twice", [2]string{"f", "f"}, Sample{ID: "q"}, `f:7: sample "q" was already read from f:3`},
		{"in two files", [2]string{"f", "g"}, Sample{ID: "q"}, `g:7: sample "q" was already read from f:3`},
		{"derived, in two files", [2]string{"f", "g"}, Sample{ID: "q", Derived: true}, `g:7: sample "q" was already read from f:3`},
		{"a trial twice", [2]string{"f", "f"}, Sample{ID: "q", Trial: 2}, `f:7: sample "q" trial 2 was already read from f:3`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := tt.add
			s.Key, s.Scores = model, []Value{value("x", 1)}
			for _, anonymous := range []int{0, 2} { // rows without an id, of which nothing can be told
				var b Builder
				for k, row := range []int{3, 7} {
					s.Row = row
					b.File(tt.files[k])
					if err := b.Add(s); err != nil {
						t.Fatal(err)
					}
				}
				for range anonymous {
					if err := b.Add(sample(9, "", value("x", 1))); err != nil {
						t.Fatal(err)
					}
				}
				_, err := b.Build()
				var d *DuplicateError
				if !errors.As(err, &d) || err.Error() != tt.want || !strings.Contains(d.Mend(), "column") {
					t.Errorf("with %d rows without an id: got %v, want %s", anonymous, err, tt.want)
				}
			}
		})
	}
}

func TestAddScore(t *testing.T) {
	t.Parallel()
	var b Builder
	b.File("f")
	add := func(row int, id string, derived bool, v Value) error {
		s := sample(row, id, v)
		s.Derived = derived
		return b.AddScore(s)
	}
	for k, v := range []Value{value("x", 1), value("y", 2), missing("x", Text), value("y", 3)} {
		if err := add(k+1, "q"+string(rune('0'+k/2)), false, v); err != nil {
			t.Fatal(err)
		}
	}
	err := add(9, "q0", false, value("y", 5))
	if want := `f:9: sample "q0" metric "y" was already read from f:1`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := add(10, "q2", false, value("y", 7)); err != nil {
		t.Fatal(err)
	}
	tables, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := show(tables[0]), "q0/0 x=1 y=2; q1/0 x=text(0) y=3; q2/0 x=null(0) y=7"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestAddScoreRepeats gives one derived id very often, which must not look at all earlier trials each time.
func TestAddScoreRepeats(t *testing.T) {
	t.Parallel()
	const trials = 50_000
	var b Builder
	for k := range trials {
		for _, m := range []string{"x", "y"} {
			s := sample(k+1, "same", value(m, float64(k)))
			s.Derived = true
			if err := b.AddScore(s); err != nil {
				t.Fatal(err)
			}
		}
	}
	tables, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	tb := tables[0]
	if last := tb.Order(trials - 1); tb.Len() != trials || tb.Trial(last) != trials-1 || tb.Column("y").Values[last] != trials-1 {
		t.Errorf("got %d rows, the last with trial %d", tb.Len(), tb.Trial(last))
	}
	if got := tb.Reduce(); got.Len() != 1 || got.Column("x").Values[0] != (trials-1)/2.0 {
		t.Errorf("got %s", show(got))
	}
}

// TestAddScoreWithoutIDs tells samples apart by their position within the metric.
func TestAddScoreWithoutIDs(t *testing.T) {
	t.Parallel()
	var b Builder
	for _, v := range []Value{value("x", 1), value("x", 2), value("y", 3), missing("y", Failed), value("y", 5)} {
		if err := b.AddScore(sample(1, "", v)); err != nil {
			t.Fatal(err)
		}
	}
	tables, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := show(tables[0]), "/0 x=1 y=3; /0 x=2 y=failed(0); /0 x=null(0) y=5"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestTables(t *testing.T) {
	t.Parallel()
	var b Builder
	for k, key := range []Key{{"b", "t"}, {"a", ""}, {"b", ""}, {"b", "t"}} {
		b.File([]string{"f", "g", "h", "h"}[k])
		if err := b.Add(Sample{Key: key, ID: string(rune('0' + k)), Row: 10 + k, Scores: []Value{value("x", 1)}}); err != nil {
			t.Fatal(err)
		}
	}
	tables, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, tb := range tables {
		keys = append(keys, tb.Key().String())
	}
	if want := []string{"a", "b", "b t"}; !slices.Equal(keys, want) {
		t.Errorf("got %q, want %q", keys, want)
	}
	file, row := tables[2].Source(1)
	if file != "h" || row != 13 {
		t.Errorf("got %s:%d, want h:13", file, row)
	}
	if got := tables[0].WithModel("c").Key(); got != (Key{Model: "c"}) {
		t.Errorf("got %v", got)
	}
	if tables[0].Column("y") != nil {
		t.Error("got a column that is not there")
	}
}

func TestColumn(t *testing.T) {
	t.Parallel()
	tb := build1(t, sample(1, "a", value("x", 1), value("y", 1)), sample(2, "b", missing("x", Null), value("y", 2)), sample(3, "c", missing("x", Text), value("y", 3)))
	x, y := tb.Column("x"), tb.Column("y")
	if d := cmp.Diff(map[Cause]int{Null: 1, Text: 1}, x.Missing()); d != "" {
		t.Error(d)
	}
	if y.Causes != nil || y.Missing() != nil || &y.Usable()[0] != &y.Values[0] {
		t.Error("a column where nothing is missing is not used as it is")
	}
	if got := x.Usable(); !slices.Equal(got, []float64{1}) {
		t.Errorf("got %v, want [1]", got)
	}
	z := tb.WithColumns([]Column{{Metric: "z", Values: make([]float64, 3)}, {Metric: "a", Values: make([]float64, 3)}})
	if z.Columns()[0].Metric != "a" || z.ID(2) != "c" || tb.Column("z") != nil {
		t.Error("columns are not replaced as they should")
	}
	for _, bad := range [][]Column{{{Metric: "z"}}, {{Metric: "z", Values: make([]float64, 3)}, {Metric: "z", Values: make([]float64, 3)}}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("no panic for %v", bad)
				}
			}()
			tb.WithColumns(bad)
		}()
	}
}

func TestReduce(t *testing.T) {
	t.Parallel()
	once := build1(t, sample(1, "a", value("x", 1)))
	if once.Reduce() != once {
		t.Error("a table without repetitions is not returned as it is")
	}
	var samples []Sample
	for k, v := range []Value{value("x", 1), missing("x", Text), value("x", 4), missing("x", Failed), missing("x", Null), value("x", 5)} {
		s := sample(k+1, []string{"b", "b", "b", "a", "a", "c"}[k], v)
		s.Trial, s.Group, s.Input = k, "g", Fingerprint{byte(k)}
		samples = append(samples, s)
	}
	got := build1(t, samples...).Reduce()
	if want := "a/0g x=failed(0); b/0g x=2.5; c/0g x=5"; show(got) != want {
		t.Errorf("got  %s\nwant %s", show(got), want)
	}
	if file, row := got.Source(0); file != "f" || row != 4 || got.Input(1) != (Fingerprint{0}) || got.Reduce() != got {
		t.Errorf("got %s:%d, input %v", file, row, got.Input(1))
	}
}

func TestPair(t *testing.T) {
	t.Parallel()
	in := func(n byte, s Sample) Sample { s.Input = Fingerprint{n}; return s }
	a := build1(t, in(1, sample(1, "d")), in(2, sample(2, "b")), sample(3, "a"), in(3, sample(4, "c")))
	b := build1(t, sample(1, "b"), in(9, sample(2, "c")), in(1, sample(3, "d")), sample(4, "e"))
	want := Pairs{Candidate: []int32{1, 0}, Baseline: []int32{0, 2}, OnlyCandidate: 2, OnlyBaseline: 2, Changed: 1}
	if d := cmp.Diff(want, Pair(a, b)); d != "" {
		t.Errorf("pairs differ (-want +got):\n%s", d)
	}
	none := build1(t, sample(1, "", value("x", 1)))
	if got := Pair(a, none); len(got.Candidate) > 0 || got.OnlyCandidate != 4 || got.OnlyBaseline != 1 {
		t.Errorf("got %+v for a table without ids", got)
	}
}

// TestSHA256 gives the same scores in another order, and with metrics that are null, and then changes one thing at a time.
func TestSHA256(t *testing.T) {
	t.Parallel()
	base := []Sample{sample(1, "a", value("x", 1), value("y", 0)), sample(2, "b", value("x", 2), missing("y", Text)), sample(3, "c", missing("x", Null))}
	sum := func(samples ...Sample) string { return SHA256([]*Table{build1(t, samples...)}) }
	want := sum(base...)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10 {
		s := slices.Clone(base)
		rng.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
		s[0].Scores = append(slices.Clone(s[0].Scores), missing("z", Null))
		s[1].Row = 99
		if got := sum(s...); got != want {
			t.Errorf("got %s, want %s for %v", got, want, s)
		}
	}
	if got := sum(sample(1, "a", value("x", 1), value("y", math.Copysign(0, -1))), base[1], base[2]); got != want {
		t.Error("minus zero is another score than zero")
	}
	for name, change := range map[string]func(*Sample){
		"value":  func(s *Sample) { s.Scores = []Value{value("x", 3), value("y", 0)} },
		"cause":  func(s *Sample) { s.Scores = []Value{missing("x", Text), value("y", 0)} },
		"zero":   func(s *Sample) { s.Scores = []Value{value("x", 1), missing("y", Failed)} },
		"metric": func(s *Sample) { s.Scores = []Value{value("x", 1), value("z", 0)} },
		"id":     func(s *Sample) { s.ID = "aa" },
		"trial":  func(s *Sample) { s.Trial = 1 },
		"group":  func(s *Sample) { s.Group = "g" },
	} {
		s := slices.Clone(base)
		change(&s[0])
		if sum(s...) == want {
			t.Errorf("another %s has the same sum", name)
		}
	}
}

func TestCauseNames(t *testing.T) {
	t.Parallel()
	var got []string
	for c := range causes {
		got = append(got, c.String())
	}
	if want := []string{"scored", "null", "infinite", "text", "off_scale", "failed"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestAllocations holds that a sample costs no allocation of its own.
func TestAllocations(t *testing.T) {
	ids := make([]string, 10_000)
	for i := range ids {
		ids[i] = fmt.Sprintf("q%05d", i*7919%len(ids))
	}
	got := testing.AllocsPerRun(5, func() {
		var b Builder
		scores := []Value{value("x", 1), value("y", 2)}
		for i, id := range ids {
			if err := b.Add(sample(i, id, scores...)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.Build(); err != nil {
			t.Fatal(err)
		}
	})
	if got > 300 {
		t.Errorf("got %v allocations for %d samples", got, len(ids))
	}
}

func BenchmarkBuild(b *testing.B) {
	const rows = 100_000
	ids := make([]string, rows)
	for i := range ids {
		ids[i] = fmt.Sprintf("%016x", rand.New(rand.NewPCG(uint64(i), 1)).Uint64())
	}
	scores := []Value{value("accuracy", 1), value("style", 2)}
	b.ReportAllocs()
	for b.Loop() {
		var bd Builder
		for i, id := range ids {
			if err := bd.Add(sample(i, id, scores...)); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := bd.Build(); err != nil {
			b.Fatal(err)
		}
	}
}

// Trials are averaged to the last digit, in any order, wherever the mean is a float64.
func TestAverage(t *testing.T) {
	t.Parallel()
	const most = math.MaxFloat64
	for _, tt := range []struct {
		xs   []float64
		want float64
	}{
		{[]float64{0.1, 0.1, 0.1}, 0.1},
		{[]float64{0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7}, 0.7},
		{[]float64{0.1, 0.2, 0.3}, 0.2},
		{[]float64{0.3, 0.2, 0.1}, 0.2},
		{[]float64{1, 0, 1}, 2. / 3},
		{[]float64{1e16, 1, -1e16}, 1. / 3},
		{[]float64{most, most, most}, most},
		{[]float64{most, most, -most}, most / 3},
		{[]float64{-most, -most}, -most},
		{[]float64{5e-324}, 5e-324},
		{[]float64{9007199254740993, 9007199254740993}, 9007199254740993},
	} {
		if got := average(tt.xs); got != tt.want {
			t.Errorf("%v: got %v, want %v", tt.xs, got, tt.want)
		}
	}
}
