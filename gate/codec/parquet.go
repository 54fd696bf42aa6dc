package codec

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/hubgate/hubgate/gate/score"
)

// rowBatch is how many rows are read between two looks at the context.
const rowBatch = 4096

// exactInteger is the largest whole number up to which a float64 holds all of them.
const exactInteger = 1 << 53

// maxDecimal bounds the bytes of a decimal; 76 digits, more than any writer offers, take 32.
const maxDecimal = 64

// readParquet reads the columns that the assembler needs, and nothing else of the file. It hands rows on in file order.
func readParquet(ctx context.Context, f *File, a *assembler, o *Options) error {
	p, err := openParquet(f)
	if err != nil {
		return err
	}
	leaves, names, err := p.scalars()
	if err != nil {
		return err
	}
	d := &decompressor{}
	r := parquetRows{a: a, total: p.rows, plan: plan{p: p}}
	if leaves, names, err = r.own(p, leaves, names, d); err != nil {
		return err
	}
	slots, err := a.declare(names)
	if err != nil {
		return err
	}
	for i, leaf := range leaves {
		if slots[i] >= 0 {
			c := newColumn(p, leaf, d)
			c.guess = r.form == nil && a.guess(slots[i], leaf)
			if c.guess || r.form == nil && !leaf.number() && a.beside(slots[i]) {
				c.brief = looked
			}
			r.columns = append(r.columns, c)
			r.slots = append(r.slots, slots[i])
			r.metrics = append(r.metrics, r.form[names[i]])
		}
	}
	r.all = r.columns
	if r.causes != nil {
		r.all = append(slices.Clone(r.columns), r.causes)
	}
	r.batch = newParquetBatch(&r)
	for g := range p.groups {
		if err := r.read(ctx, g, p.groups[g].rows); err != nil {
			return err
		}
		if o.Progress != nil {
			o.Progress(f.Size*int64(g+1)/int64(len(p.groups)), f.Size)
		}
	}
	return nil
}

// scalars returns the leaves that hold one value a row, and their dotted paths.
func (p *pqFile) scalars() ([]*pqNode, []string, error) {
	var leaves []*pqNode
	var names []string
	seen := map[string]bool{}
	for _, leaf := range p.leaves {
		if leaf.rep > 0 || !leaf.scalar() {
			continue
		}
		name := strings.Join(leaf.path, ".")
		if seen[name] {
			return nil, nil, &Error{File: p.file.Name, Column: name, Msg: "two columns have this name", Fix: "rename one of them"}
		}
		seen[name] = true
		leaves = append(leaves, leaf)
		names = append(names, name)
	}
	return leaves, names, nil
}

// scalar reports whether a leaf's values are text, numbers or booleans. Times and raw bytes are neither.
func (n *pqNode) scalar() bool {
	switch n.logical {
	case logNull:
		return true
	case logString, logEnum, logJSON:
		return n.physical == physBytes
	case logDecimal:
		return n.physical != physBoolean && n.physical != physInt96
	case logUUID:
		return n.physical == physFixed && n.length == 16
	case logFloat16:
		return n.physical == physFixed && n.length == 2
	case logNone, logInteger:
		return n.physical != physFixed && n.physical != physInt96
	}
	return false
}

// parquetRows turns columns into rows.
type parquetRows struct {
	a       *assembler
	columns []*column
	slots   []int
	total   int64     // rows of the file
	row     int       // the last one handed on, counted from 1 over the file
	all     []*column // columns, and causes
	plan    plan
	spared  bool          // what is not worth reading on was let go
	batch   *parquetBatch // nil where rows are handed on one by one

	// Of tables that WriteLong or WriteWide wrote: the metrics by column, and the column of causes.
	form    map[string]string
	long    bool // one score a row
	metrics []string
	causes  *column
}

// read hands on the rows of one row group.
func (r *parquetRows) read(ctx context.Context, group int, rows int64) error {
	r.spare(group)
	if err := r.plan.open(group, r.all); err != nil {
		return err
	}
	for rows > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := int(min(rows, rowBatch))
		if r.row < looked {
			n = min(n, looked-r.row)
		}
		r.spare(group + 1)
		for _, c := range r.all {
			have, err := c.available()
			if err != nil {
				return err
			}
			n = min(n, have)
		}
		if n == 0 { // cannot be: every column has as many values as the group has rows
			return fmt.Errorf("%s: row group %d ends before its last row", r.a.file.Name, group+1)
		}
		if err := r.hand(n); err != nil {
			return err
		}
		rows -= int64(n)
	}
	return nil
}

// hand hands on the next n rows, which lie within the current pages.
func (r *parquetRows) hand(n int) error {
	if r.batch != nil {
		r.row += n
		return r.batch.read(n, r.row-n+1, r.total-int64(r.row))
	}
	for range n {
		if r.form != nil {
			r.setOwn()
		} else {
			r.setCells()
		}
		r.row++
		if err := r.a.end(r.row); err != nil {
			return err
		}
	}
	return nil
}

// setCells sets the cells of a row of anyone's table.
func (r *parquetRows) setCells() {
	for i, c := range r.columns {
		v := c.cell()
		if c.guess && !c.numbers {
			_, cause := scoreOf(v)
			c.numbers = cause == score.Scored
		}
		r.a.set(r.slots[i], v)
	}
}

// cell takes the next value of the current page, of which one must be available.
func (c *column) cell() cell {
	pos := c.pos
	c.pos++
	if c.leaf.def > 0 && int(c.defs[pos]) != c.leaf.def || c.leaf.logical == logNull {
		return cell{kind: null}
	}
	at := c.at
	c.at++
	if c.coded {
		return c.codedCells()[c.index[at]]
	}
	if c.leaf.wordy() {
		return c.leaf.wordCell(c.words[at])
	}
	return c.leaf.bytesCell(c.bytes[at])
}

// coding takes the next value of the current page, which is coded, and returns its index into the dictionary, or -1 for null.
func (c *column) coding() int {
	pos := c.pos
	c.pos++
	if c.leaf.def > 0 && int(c.defs[pos]) != c.leaf.def || c.leaf.logical == logNull {
		return -1
	}
	c.at++
	return int(c.index[c.at-1])
}

// codedCells returns the cells of the dictionary, which are made when they are first needed.
func (c *column) codedCells() []cell {
	if len(c.dictCells) == 0 {
		n := max(len(c.dictWords), len(c.dictBytes))
		c.dictCells = slices.Grow(c.dictCells[:0], n)[:n]
		for i, w := range c.dictWords {
			c.dictCells[i] = c.leaf.wordCell(w)
		}
		for i, b := range c.dictBytes {
			c.dictCells[i] = c.leaf.bytesCell(b)
		}
	}
	return c.dictCells
}

// wordCell returns the cell of a value that fits into 64 bits.
func (n *pqNode) wordCell(w uint64) cell {
	switch n.physical {
	case physBoolean:
		return cell{kind: boolean, num: float64(w)}
	case physFloat:
		return cell{kind: number, num: float64(math.Float32frombits(uint32(w)))} //nolint:gosec // 32 bits were read
	case physDouble:
		return cell{kind: number, num: math.Float64frombits(w)}
	}
	if n.physical == physInt32 && n.unsigned {
		w = uint64(uint32(w)) //nolint:gosec // undoes the extension of the sign
	}
	v := int64(w) //nolint:gosec // two's complement
	switch {
	case n.instant():
		return cell{kind: text, text: []byte(n.instantText(v))}
	case n.logical == logDecimal:
		return cell{kind: number, num: decimal(big.NewInt(v), n.scale)}
	case n.unsigned && w > exactInteger:
		return cell{kind: number, num: float64(w), text: strconv.AppendUint(nil, w, 10)}
	case !n.unsigned && (v > exactInteger || v < -exactInteger):
		return cell{kind: number, num: float64(v), text: strconv.AppendInt(nil, v, 10)}
	}
	return cell{kind: number, num: float64(v)}
}

// bytesCell returns the cell of a value that is bytes, which it shares.
func (n *pqNode) bytesCell(b []byte) cell {
	switch n.logical {
	case logDecimal:
		if len(b) > maxDecimal {
			break
		}
		return cell{kind: number, num: decimal(twosComplement(b), n.scale)}
	case logFloat16:
		return cell{kind: number, num: float16(uint16(b[0]) | uint16(b[1])<<8)}
	case logUUID:
		var out [36]byte
		hex.Encode(out[:8], b[:4])
		for i, at := range []int{9, 14, 19} {
			hex.Encode(out[at:at+4], b[4+2*i:6+2*i])
		}
		hex.Encode(out[24:], b[10:])
		out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
		return cell{kind: text, text: out[:]}
	case logJSON:
		if len(b) > 0 && (b[0] == '{' || b[0] == '[') {
			return cell{kind: jsonValue, text: b}
		}
	}
	return cell{kind: text, text: b}
}

// decimal returns the float64 nearest to an integer divided by a power of ten.
func decimal(unscaled *big.Int, scale int) float64 {
	v, _ := strconv.ParseFloat(unscaled.String()+"e-"+strconv.Itoa(scale), 64) // an overflow is ±Inf, as it should be
	return v
}

// twosComplement reads a signed integer, most significant byte first.
func twosComplement(b []byte) *big.Int {
	v := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return v
}

// float16 widens an IEEE 754 half-precision number.
func float16(h uint16) float64 {
	sign, exp, frac := 1.0, int(h>>10&0x1f), float64(h&0x3ff)
	if h>>15 == 1 {
		sign = -1
	}
	switch {
	case exp == 0x1f && frac != 0:
		return math.NaN()
	case exp == 0x1f:
		return math.Inf(int(sign))
	case exp == 0:
		return sign * math.Ldexp(frac, -24)
	}
	return sign * math.Ldexp(1024+frac, exp-25)
}
