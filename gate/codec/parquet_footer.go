package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits on what a footer may claim. They are far above what writers make, and keep a small hostile file from asking for
// much memory or time.
const (
	maxFooter   = 128 << 20 // bytes; a row group of eight columns takes about 6 KB
	maxNodes    = 20_000    // nodes of the schema
	maxNesting  = 64        // of nested columns
	manyRows    = 1 << 20   // from here on, rows per byte count:
	rowsPerByte = 64        // eight rows a byte is what a single column of random booleans takes
)

// A pqChunk is where one column of one row group lies.
type pqChunk struct {
	physical physical
	codec    int64
	values   int64 // with nulls
	offset   int64 // of the first page
	size     int64 // of all pages
}

// A pqGroup is one row group.
type pqGroup struct {
	first  int64 // how many rows stand before it
	rows   int64
	chunks []pqChunk // one per leaf
}

// A pqFile is an opened Parquet file: its schema, and where its columns lie.
//
// It is read by our own code, because the library's reader believes every count that it finds: forty bytes of footer
// can make it ask for more memory than there is, which ends a Go program and cannot be recovered from. Reading only what
// a score needs is also an order of magnitude faster.
type pqFile struct {
	file   *File
	rows   int64
	root   *pqNode
	leaves []*pqNode
	groups []pqGroup
	meta   map[string]string
}

// openParquet reads the footer, and checks that every column lies within the file.
func openParquet(f *File) (*pqFile, error) {
	footer, err := readFooter(f)
	if err != nil {
		return nil, err
	}
	p := &pqFile{file: f, meta: map[string]string{}}
	t := &thrift{b: footer}
	if err := p.decode(t); err != nil {
		return nil, p.corrupt(err.Error())
	}
	if t.err != nil {
		return nil, p.corrupt(errThrift.Error())
	}
	if err := p.validate(); err != nil {
		return nil, p.corrupt(err.Error())
	}
	return p, nil
}

// corrupt is the error for a file that contradicts itself.
func (p *pqFile) corrupt(msg string) error {
	return &Error{File: p.file.Name, Msg: "not readable as Parquet: " + msg, Fix: "write or download it again"}
}

// minParquet is the size of an empty Parquet file without its footer: magic bytes, the footer's size, magic bytes.
const minParquet = 12

// readFooter returns the metadata at the end of the file.
func readFooter(f *File) ([]byte, error) {
	bad := func(msg, fix string) error { return &Error{File: f.Name, Msg: msg, Fix: fix} }
	var tail [8]byte
	if f.Size < minParquet {
		return nil, bad(fmt.Sprintf("not a Parquet file: only %d bytes", f.Size), "was it cut short?")
	}
	head, err := f.magic()
	if err != nil {
		return nil, f.failed(err)
	}
	if err := readAt(f, tail[:], f.Size-int64(len(tail))); err != nil {
		return nil, err
	}
	switch magic := string(tail[4:]); {
	case magic == "PARE" || string(head) == "PARE":
		return nil, bad("encrypted Parquet is not supported", "write it without encryption")
	case string(head) != magicParquet:
		return nil, bad(fmt.Sprintf("not a Parquet file: it begins with %q where \"PAR1\" is expected", head), "check format and file")
	case magic != magicParquet:
		return nil, bad(fmt.Sprintf("not a whole Parquet file: it ends with %q where \"PAR1\" is expected", magic), "was it cut short?")
	}
	size := int64(binary.LittleEndian.Uint32(tail[:4]))
	switch {
	case size > f.Size-minParquet:
		return nil, bad(fmt.Sprintf("not readable as Parquet: its footer claims %d bytes of a file of %d", size, f.Size), "write or download it again")
	case size > maxFooter:
		return nil, bad(fmt.Sprintf("its footer of %d bytes is larger than %d", size, maxFooter), "write it again with larger row groups")
	}
	begin := f.Size - int64(len(tail)) - size
	if r := f.remote(); r != nil && begin < r.begin() {
		if err := r.fetch([][2]int64{{begin, r.begin() - begin}}); err != nil {
			return nil, f.failed(err)
		}
	}
	footer := make([]byte, size)
	return footer, readAt(f, footer, begin)
}

// readAt fills b from an offset of the file.
func readAt(f *File, b []byte, off int64) error {
	n, err := f.Content.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == io.EOF || err == nil {
		return &Error{File: f.Name, Msg: "ends too early", Fix: "was it cut short, or does something still write to it?"}
	}
	return f.failed(err)
}

// decode reads FileMetaData.
func (p *pqFile) decode(t *thrift) error {
	for id, typ := t.field(0); typ != thriftStop; id, typ = t.field(id) {
		switch id {
		case 2:
			if err := p.decodeSchema(t, typ); err != nil {
				return err
			}
		case 3:
			p.rows = t.int(typ)
		case 4:
			n, elem := t.list(typ)
			if elem != thriftStruct && n > 0 || p.root == nil {
				return errThrift
			}
			for ; n > 0 && t.err == nil; n-- {
				g, err := p.decodeGroup(t)
				if err != nil {
					return err
				}
				p.groups = append(p.groups, g)
			}
		case 5:
			n, _ := t.list(typ)
			for ; n > 0 && t.err == nil; n-- {
				p.decodeKeyValue(t)
			}
		default:
			t.skip(typ)
		}
	}
	return nil
}

func (p *pqFile) decodeKeyValue(t *thrift) {
	var key, value string
	for id, typ := t.field(0); typ != thriftStop; id, typ = t.field(id) {
		switch id {
		case 1:
			key = string(t.binary(typ))
		case 2:
			if b := t.binary(typ); key != "ARROW:schema" { // long, and of no use here
				value = string(b)
			}
		default:
			t.skip(typ)
		}
	}
	p.meta[key] = value
}

// decodeGroup reads one RowGroup.
func (p *pqFile) decodeGroup(t *thrift) (pqGroup, error) {
	var g pqGroup
	for id, typ := t.field(0); typ != thriftStop; id, typ = t.field(id) {
		switch id {
		case 1:
			n, elem := t.list(typ)
			if n != len(p.leaves) || elem != thriftStruct && n > 0 {
				return g, fmt.Errorf("row group %d has %d columns where the schema has %d", len(p.groups)+1, n, len(p.leaves))
			}
			g.chunks = make([]pqChunk, n)
			for i := range g.chunks {
				if err := g.chunks[i].decode(t); err != nil {
					return g, fmt.Errorf("row group %d, column %s: %w", len(p.groups)+1, strings.Join(p.leaves[i].path, "."), err)
				}
			}
		case 3:
			g.rows = t.int(typ)
		default:
			t.skip(typ)
		}
	}
	return g, t.err
}

// decode reads one ColumnChunk.
func (c *pqChunk) decode(t *thrift) error {
	found := false
	for id, typ := t.field(0); typ != thriftStop; id, typ = t.field(id) {
		switch {
		case id == 1:
			return fmt.Errorf("its data lies in another file")
		case id == 3 && typ == thriftStruct:
			found = true
			c.decodeMeta(t)
		default:
			t.skip(typ)
		}
	}
	if t.err == nil && !found {
		return fmt.Errorf("it is encrypted, or lacks its metadata")
	}
	return t.err
}

// decodeMeta reads ColumnMetaData, and skips statistics, which are most of a footer.
func (c *pqChunk) decodeMeta(t *thrift) {
	var dict int64
	for id, typ := t.field(0); typ != thriftStop; id, typ = t.field(id) {
		switch id {
		case 1:
			c.physical = physical(t.small(typ, int64(physFixed))) //nolint:gosec // bounded
		case 4:
			c.codec = t.int(typ)
		case 5:
			c.values = t.int(typ)
		case 7:
			c.size = t.int(typ)
		case 9:
			c.offset = t.int(typ)
		case 11:
			dict = t.int(typ)
		default:
			t.skip(typ)
		}
	}
	if dict > 0 { // some writers set it to 0, others point it behind the data pages
		c.offset = min(c.offset, dict)
	}
}

// validate checks counts and places against each other and against the file.
func (p *pqFile) validate() error {
	if p.root == nil {
		return fmt.Errorf("its footer has no schema")
	}
	var rows int64
	left := p.file.Size // no two columns share bytes, so that nothing is read, or fetched, more often than it is there
	for i, g := range p.groups {
		if g.rows < 0 || g.rows > p.rows-rows || len(g.chunks) != len(p.leaves) {
			return fmt.Errorf("row group %d claims %d rows, and the file %d in all", i+1, g.rows, p.rows)
		}
		p.groups[i].first = rows
		rows += g.rows
		for k := range g.chunks {
			c := &g.chunks[k]
			if err := p.validateChunk(c, p.leaves[k], g.rows, left); err != nil {
				return fmt.Errorf("row group %d, column %s: %w", i+1, strings.Join(p.leaves[k].path, "."), err)
			}
			left -= c.size
		}
	}
	if rows != p.rows {
		return fmt.Errorf("its row groups have %d rows in all where %d are claimed", rows, p.rows)
	}
	if rows > manyRows && rows/rowsPerByte > p.file.Size {
		return fmt.Errorf("%d rows are claimed in %d bytes", rows, p.file.Size)
	}
	return nil
}

// validateChunk checks one column of a row group, of which the columns before it have left some bytes of the file.
func (p *pqFile) validateChunk(c *pqChunk, leaf *pqNode, rows, left int64) error {
	switch {
	case c.physical != leaf.physical:
		return errors.New("its type is not that of the schema")
	case c.size < 0 || c.offset < 0 || c.offset > p.file.Size || c.size > p.file.Size-c.offset:
		return fmt.Errorf("%d bytes at %d do not lie within the file of %d", c.size, c.offset, p.file.Size)
	case c.size > left:
		return fmt.Errorf("its %d bytes and those of the columns before it are more than the file of %d", c.size, p.file.Size)
	case leaf.rep == 0 && c.values != rows:
		return fmt.Errorf("%d values for %d rows", c.values, rows)
	}
	return nil
}
