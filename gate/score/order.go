package score

import (
	"cmp"
	"slices"
	"strings"
)

// sort finds the canonical order, numbers the trials of derived ids, and refuses a sample that stands twice. Rows without an
// id are no samples that could.
func (t *Table) sort(s *sorter) error {
	if t.sorted() {
		return nil
	}
	t.order = t.sortRows(s)
	for lo := 0; lo < t.rows; {
		hi := lo + 1
		for hi < t.rows && t.ID(int(t.order[hi])) == t.ID(int(t.order[lo])) {
			hi++
		}
		if hi-lo > 1 && t.ID(int(t.order[lo])) != "" {
			if err := t.repeated(t.order[lo:hi]); err != nil {
				return err
			}
		}
		lo = hi
	}
	return nil
}

// sorted reports whether rows already stand in canonical order, without any repetition.
func (t *Table) sorted() bool {
	for i := 1; i < t.rows; i++ {
		if t.ids.at(i-1) >= t.ids.at(i) {
			return false
		}
	}
	return true
}

// sortRows returns the rows by id, trial, row. Most ids are told apart by their first eight bytes.
func (t *Table) sortRows(s *sorter) []int32 {
	entries := s.prefixes(t)
	order := make([]int32, t.rows)
	for lo := 0; lo < t.rows; {
		hi := lo + 1
		for hi < t.rows && entries[hi].prefix == entries[lo].prefix {
			hi++
		}
		if hi-lo > 1 {
			slices.SortFunc(entries[lo:hi], func(a, b entry) int {
				i, j := int(a.row), int(b.row)
				return cmp.Or(strings.Compare(t.ids.at(i), t.ids.at(j)), cmp.Compare(t.Trial(i), t.Trial(j)), cmp.Compare(i, j))
			})
		}
		for k := lo; k < hi; k++ {
			order[k] = entries[k].row
		}
		lo = hi
	}
	return order
}

// repeated checks the rows of one id, which come in the order of their trials.
func (t *Table) repeated(rows []int32) error {
	t.repeats = true
	renumber := false
	for k := 1; k < len(rows); k++ {
		i, j := int(rows[k-1]), int(rows[k])
		if t.Trial(i) != t.Trial(j) {
			continue
		}
		fi, ri := t.Source(i)
		fj, rj := t.Source(j)
		if !t.derived || fi != fj {
			return &DuplicateError{Key: t.key, ID: strings.Clone(t.ID(j)), Trial: t.Trial(j),
				Files: [2]string{fi, fj}, Rows: [2]int{ri, rj}}
		}
		renumber = true
	}
	if renumber {
		if t.trials == nil {
			t.trials = make([]int32, t.rows)
		}
		for k, row := range rows {
			t.trials[row] = int32(k)
		}
	}
	return nil
}
