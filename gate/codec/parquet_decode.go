package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/andybalholm/brotli"
	"github.com/golang/snappy"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// errPage reports a page whose bytes do not hold what its header promises.
var errPage = errors.New("a page is corrupted")

// The encodings of values, numbered as in parquet.thrift.
// https://parquet.apache.org/docs/file-format/data-pages/encodings/
const (
	encPlain       = 0
	encPlainDict   = 2
	encRLE         = 3
	encDelta       = 5
	encDeltaLength = 6
	encDeltaBytes  = 7
	encDict        = 8
	encSplit       = 9
)

// The compressions of pages, numbered as in parquet.thrift.
const (
	packNone   = 0
	packSnappy = 1
	packGzip   = 2
	packLZO    = 3
	packBrotli = 4
	packOldLZ4 = 5
	packZstd   = 6
	packLZ4    = 7
)

// A decompressor undoes the compression of pages, and keeps what can be used again. Its zero value is ready.
type decompressor struct {
	zstd   *zstd.Decoder
	gzip   *gzip.Reader
	brotli *brotli.Reader
	src    byteReader
}

// A byteReader is a bytes.Reader that only reads, so that no decompressor can do more.
type byteReader struct{ b []byte }

func (r *byteReader) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.b)
	r.b = r.b[n:]
	return n, nil
}

// ReadByte keeps readers from buffering.
func (r *byteReader) ReadByte() (byte, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c, nil
}

// decode fills dst, whose length is what the page claims to be, from src.
//
// The libraries that do the work are written for bytes that may be broken; should one of them panic all the same, that
// is an error too.
func (d *decompressor) decode(codec int64, dst, src []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			*d = decompressor{}
			err = fmt.Errorf("%w: %v", errPage, r)
		}
	}()
	switch codec {
	case packSnappy:
		if n, err := snappy.DecodedLen(src); err != nil || n != len(dst) {
			return errPage
		}
		_, err := snappy.Decode(dst, src)
		return err
	case packGzip:
		return d.stream(dst, src, func() (io.Reader, error) {
			if d.gzip == nil {
				d.gzip = new(gzip.Reader)
			}
			return d.gzip, d.gzip.Reset(&d.src)
		})
	case packBrotli:
		return d.stream(dst, src, func() (io.Reader, error) {
			if d.brotli == nil {
				d.brotli = new(brotli.Reader)
			}
			return d.brotli, d.brotli.Reset(&d.src)
		})
	case packZstd:
		return d.decodeZstd(dst, src)
	case packLZ4:
		n, err := lz4.UncompressBlock(src, dst)
		if err == nil && n != len(dst) {
			err = errPage
		}
		return err
	case packLZO:
		return errors.New("compression with LZO is not supported")
	case packOldLZ4:
		return errors.New("compression with LZ4 in its deprecated framing is not supported")
	}
	return fmt.Errorf("compression %d is not known", codec)
}

func (d *decompressor) stream(dst, src []byte, open func() (io.Reader, error)) error {
	d.src.b = src
	r, err := open()
	if err != nil {
		return err
	}
	_, err = io.ReadFull(r, dst)
	return err
}

func (d *decompressor) decodeZstd(dst, src []byte) error {
	if d.zstd == nil {
		var err error
		if d.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(2*maxPage)); err != nil {
			return err
		}
	}
	out, err := d.zstd.DecodeAll(src, dst[:0:len(dst)])
	if err == nil && len(out) != len(dst) {
		err = errPage
	}
	return err
}

// decodeRLE decodes the hybrid of run lengths and bit packing into dst, which it must fill. Values are at most limit.
func decodeRLE[T uint8 | int32](dst []T, src []byte, width int, limit T) error {
	if width > 32 {
		return errPage
	}
	size := (width + 7) / 8
	for len(dst) > 0 {
		head, n := binary.Uvarint(src)
		if n <= 0 {
			return errPage
		}
		src = src[n:]
		if head&1 == 0 {
			if head == 0 || len(src) < size {
				return errPage
			}
			var v uint64
			for i := range size {
				v |= uint64(src[i]) << (8 * i)
			}
			if v > uint64(limit) {
				return errPage
			}
			run := dst[:min(head>>1, uint64(len(dst)))]
			for i := range run {
				run[i] = T(v)
			}
			src, dst = src[size:], dst[len(run):]
			continue
		}
		groups := min(head>>1, uint64(len(dst)+7)/8)
		if groups == 0 {
			return errPage
		}
		count := min(int(groups)*8, len(dst))  //nolint:gosec // bounded by dst
		need := (count*width + 7) / 8          // the last group may be cut short
		whole := min(head>>1, math.MaxInt32/8) // what the run takes, of which only the end of src may be missing
		if need > len(src) {
			return errPage
		}
		if !unpack(dst[:count], src[:need], width, limit) {
			return errPage
		}
		src, dst = src[min(len(src), int(whole)*width):], dst[count:]
	}
	return nil
}

// unpack reads values of some bits each, least significant first. It reports whether all are at most limit.
func unpack[T uint8 | int32](dst []T, src []byte, width int, limit T) bool {
	mask := uint64(1)<<width - 1
	over := uint64(0)
	top := uint64(limit)
	var acc uint64
	have, pos := 0, 0
	for i := range dst {
		for have < width {
			acc |= uint64(src[pos]) << have
			pos++
			have += 8
		}
		v := acc & mask
		acc >>= width
		have -= width
		if v > top {
			over = 1
		}
		dst[i] = T(v)
	}
	return over == 0
}

// decodeDelta decodes DELTA_BINARY_PACKED into dst, which it must fill, and returns what follows.
func decodeDelta(dst []uint64, src []byte) ([]byte, error) {
	var head [3]uint64
	for i := range head {
		v, n := binary.Uvarint(src)
		if n <= 0 {
			return nil, errPage
		}
		head[i], src = v, src[n:]
	}
	block, minis, total := head[0], head[1], head[2]
	first, n := binary.Varint(src)
	if n <= 0 || total != uint64(len(dst)) || block > maxPageValues || minis == 0 || minis > 1024 || block%minis != 0 {
		return nil, errPage
	}
	src = src[n:]
	per := int(block / minis) //nolint:gosec // bounded by maxPageValues
	if per == 0 || per%8 != 0 {
		return nil, errPage
	}
	if len(dst) == 0 {
		return src, nil
	}
	last := uint64(first) //nolint:gosec // two's complement
	dst[0] = last
	dst = dst[1:]
	for len(dst) > 0 {
		least, n := binary.Varint(src)
		if n <= 0 || len(src)-n < int(minis) {
			return nil, errPage
		}
		widths := src[n : n+int(minis)]
		src = src[n+len(widths):]
		for _, w := range widths {
			if len(dst) == 0 {
				break
			}
			width := int(w)
			count := min(per, len(dst))
			if width > 64 || len(src) < (count*width+7)/8 {
				return nil, errPage
			}
			last = unpackDeltas(dst[:count], src, width, last, uint64(least)) //nolint:gosec // two's complement
			src, dst = src[min(len(src), per*width/8):], dst[count:]
		}
	}
	return src, nil
}

// unpackDeltas adds up the differences of one miniblock.
func unpackDeltas(dst []uint64, src []byte, width int, last, least uint64) uint64 {
	bit := 0
	for i := range dst {
		var v uint64
		for got := 0; got < width; {
			take := min(8-bit&7, width-got)
			v |= uint64(src[bit>>3]>>(bit&7)&(1<<take-1)) << got
			got += take
			bit += take
		}
		last += least + v
		dst[i] = last
	}
	return last
}

// plainBytes slices src, in which every value follows its length, into dst.
func plainBytes(dst [][]byte, src []byte) error {
	for i := range dst {
		if len(src) < 4 {
			return errPage
		}
		n := uint64(binary.LittleEndian.Uint32(src))
		src = src[4:]
		if n > uint64(len(src)) {
			return errPage
		}
		dst[i], src = src[:n:n], src[n:]
	}
	return nil
}

// fixedBytes slices src into values of one length.
func fixedBytes(dst [][]byte, src []byte, size int) error {
	if size < 0 || len(src) < len(dst)*size {
		return errPage
	}
	for i := range dst {
		dst[i] = src[i*size : (i+1)*size : (i+1)*size]
	}
	return nil
}

// deltaLengthBytes decodes DELTA_LENGTH_BYTE_ARRAY: all lengths, then all bytes. The values share src.
func deltaLengthBytes(dst [][]byte, src []byte, lengths []uint64) error {
	src, err := decodeDelta(lengths[:len(dst)], src)
	if err != nil {
		return err
	}
	for i := range dst {
		n := lengths[i]
		if n > uint64(len(src)) {
			return errPage
		}
		dst[i], src = src[:n:n], src[n:]
	}
	return nil
}

// deltaBytes decodes DELTA_BYTE_ARRAY: of every value, how much it shares with the one before, and the rest.
func deltaBytes(dst [][]byte, src []byte, lengths []uint64) error {
	prefixes := make([]uint64, len(dst))
	src, err := decodeDelta(prefixes, src)
	if err != nil {
		return err
	}
	if err := deltaLengthBytes(dst, src, lengths); err != nil {
		return err
	}
	var last, arena []byte
	total := uint64(0)
	for i, suffix := range dst {
		if total += prefixes[i] + uint64(len(suffix)); prefixes[i] > uint64(len(last)) || total > maxPage {
			return errPage
		}
		start := len(arena)
		arena = append(append(arena, last[:prefixes[i]]...), suffix...)
		last = arena[start:len(arena):len(arena)]
		dst[i] = last
	}
	return nil
}

// plainWords reads values of a fixed number of bytes as their bits; 32-bit integers keep their sign.
func plainWords(dst []uint64, src []byte, typ physical) error {
	size := 8
	if typ == physInt32 || typ == physFloat {
		size = 4
	}
	if len(src) < len(dst)*size {
		return errPage
	}
	switch typ {
	case physInt32:
		for i := range dst {
			dst[i] = uint64(int64(int32(binary.LittleEndian.Uint32(src[4*i:])))) //nolint:gosec // the sign is kept
		}
	case physFloat:
		for i := range dst {
			dst[i] = uint64(binary.LittleEndian.Uint32(src[4*i:]))
		}
	default:
		for i := range dst {
			dst[i] = binary.LittleEndian.Uint64(src[8*i:])
		}
	}
	return nil
}

// plainBits reads booleans of a bit each.
func plainBits(dst []uint64, src []byte) error {
	if len(src) < (len(dst)+7)/8 {
		return errPage
	}
	for i := range dst {
		dst[i] = uint64(src[i>>3] >> (i & 7) & 1)
	}
	return nil
}

// unsplit undoes BYTE_STREAM_SPLIT: the first bytes of all values, then the second ones, and so on.
func unsplit(dst, src []byte, size int) error {
	if size <= 0 || len(src)%size != 0 || len(dst) != len(src) {
		return errPage
	}
	n := len(src) / size
	for i := range n {
		for k := range size {
			dst[i*size+k] = src[k*n+i]
		}
	}
	return nil
}
