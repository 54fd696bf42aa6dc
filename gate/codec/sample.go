package codec

import (
	"bytes"
	"encoding/hex"
	"math"
	"strconv"
	"unicode/utf8"
	"unsafe"

	"github.com/hubgate/hubgate/gate/score"
)

// sample fills in what the row says of the sample itself.
func (a *assembler) sample(row int) (score.Sample, *Error) {
	if a.rowErr != nil {
		return score.Sample{}, a.rowErr
	}
	s := score.Sample{Row: row}
	var err *Error
	if a.key.Model, err = a.label(roleModel, a.key.Model); err != nil {
		return s, err
	}
	if a.key.Task, err = a.label(roleTask, a.key.Task); err != nil {
		return s, err
	}
	if a.group, err = a.groupOf(); err != nil {
		return s, err
	}
	s.Key, s.Group = a.key, a.group
	if s.Trial, err = a.trial(); err != nil {
		return s, err
	}
	err = a.identify(&s)
	return s, err
}

// label returns the text of a role that few different texts play: last when it is the same again.
func (a *assembler) label(r role, last string) (string, *Error) {
	if a.roles[r] < 0 {
		return "", nil
	}
	c := a.get(a.roles[r])
	switch c.kind {
	case absent, null:
		return "", nil
	case jsonValue:
		return "", a.unsuitable(r, c)
	}
	b := a.plain(c)
	if string(b) == last {
		return last, nil
	}
	if known, ok := a.labels[string(b)]; ok {
		return known, nil
	}
	if !utf8.Valid(b) {
		return "", a.notUTF8(r, b)
	}
	label := string(b)
	if len(a.labels) < maxLabels {
		a.labels[label] = label
	}
	return label, nil
}

// groupOf returns the group: of texts the fingerprint, so that no report or dataset holds them by way of it.
func (a *assembler) groupOf() (string, *Error) {
	i := a.roles[roleGroup]
	if i < 0 || !a.slots[i].prose {
		return a.label(roleGroup, a.group)
	}
	f := a.fingerprint(a.get(i))
	if f == (score.Fingerprint{}) {
		return "", nil
	}
	return hex.EncodeToString(f[:]), nil
}

func (a *assembler) trial() (int, *Error) {
	if a.roles[roleTrial] < 0 {
		return 0, nil
	}
	c := a.get(a.roles[roleTrial])
	n := c.num
	switch c.kind {
	case absent, null:
		return 0, nil
	case text:
		if v, cause := parseNumber(c.text); cause == score.Scored {
			n = v
		} else {
			n = -1
		}
	case jsonValue, boolean:
		n = -1
	}
	if n < 0 || n > math.MaxInt32 || n != math.Trunc(n) {
		return 0, &Error{Column: a.slots[a.roles[roleTrial]].name, Msg: "trial is " + quote(a.plain(c)) + ", not a whole number from 0",
			Fix: "number the trials, or set input trial-column to another column"}
	}
	return int(n), nil
}

// identify gives the sample its id: the explicit one, else one derived from the input text.
func (a *assembler) identify(s *score.Sample) *Error {
	if a.noIDs {
		return nil
	}
	id, input := a.roles[roleID], a.roles[roleInput]
	c := a.get(id)
	if c.kind == jsonValue {
		return a.unsuitable(roleID, c)
	}
	if c.kind != absent && c.kind != null {
		b := a.plain(c)
		if !utf8.Valid(b) {
			return a.notUTF8(roleID, b)
		}
		s.ID = unsafe.String(unsafe.SliceData(b), len(b)) // the builder copies it before the reader reuses its memory
	}
	if id < 0 || a.o.Inputs {
		f := a.fingerprint(a.get(input))
		switch {
		case id >= 0:
			s.Input = f
		case f != (score.Fingerprint{}):
			hex.Encode(a.hex[:], f[:])
			s.ID, s.Derived = unsafe.String(&a.hex[0], len(a.hex)), true
		}
	}
	if s.ID == "" && (id >= 0 || input >= 0) {
		if a.noID++; a.noID == 1 {
			a.noIDRow = s.Row
		}
	}
	return nil
}

// fingerprint identifies an input text. White space between the tokens of a JSON value does not count.
func (a *assembler) fingerprint(c cell) score.Fingerprint {
	switch c.kind {
	case absent, null:
		return score.Fingerprint{}
	case jsonValue:
		return score.FingerprintOf(inUTF8(compact(c.text)))
	}
	return score.FingerprintOf(inUTF8(a.plain(c)))
}

// inUTF8 returns text as a dataset keeps it, so that its fingerprint is the same there: with U+FFFD for what is not UTF-8.
func inUTF8(b []byte) []byte {
	if utf8.Valid(b) {
		return b
	}
	return bytes.ToValidUTF8(b, []byte("\uFFFD"))
}

// plain returns a cell as text: a number as the file spells it, save that a whole number has no fraction or exponent.
func (a *assembler) plain(c cell) []byte {
	switch {
	case c.kind == boolean:
		return strconv.AppendBool(nil, c.num != 0)
	case c.kind != number:
		return c.text
	case c.num == math.Trunc(c.num) && math.Abs(c.num) < 1<<53 && !isInteger(c.text):
		return strconv.AppendInt(nil, int64(c.num), 10)
	case c.text == nil:
		return strconv.AppendFloat(nil, c.num, 'g', -1, 64)
	}
	return c.text
}

// isInteger reports whether text is spelt as an integer, which keeps all its digits.
func isInteger(text []byte) bool {
	for _, c := range text {
		if (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return len(text) > 0
}

func (a *assembler) unsuitable(r role, c cell) *Error {
	return &Error{Column: a.slots[a.roles[r]].name, Msg: r.String() + " is " + quote(c.text) + ", not text or a number",
		Fix: "set input " + r.String() + "-column to another column, or to a path inside this one"}
}

// saveUTF8 says how to mend text that reports and datasets, which are UTF-8, could not name.
const saveUTF8 = "write the file as UTF-8"

func (a *assembler) notUTF8(r role, b []byte) *Error {
	return &Error{Column: a.slots[a.roles[r]].name, Msg: r.String() + " is " + quote(b) + ", not UTF-8", Fix: saveUTF8}
}
