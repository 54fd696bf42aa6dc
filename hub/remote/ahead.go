package remote

// How much is fetched before it is asked for, in bytes: the least, and the most after several times.
const (
	minAhead = 64 << 10
	maxAhead = 4 << 20
)

// A window is what was fetched last by reading ahead.
type window struct {
	off  int64
	data []byte
	next int64 // where a read begins that follows the last one
	grow int64 // how much was fetched the last time
}

// readAhead fills p from the last window and one request for the rest. Where reads follow each other, that fetches more than p
// needs, and twice as much each time.
func (b *blob) readAhead(p []byte, off int64) (int, error) {
	b.mu.Lock()
	w := b.ahead
	b.mu.Unlock()

	n := 0
	if i := off - w.off; i >= 0 && i < int64(len(w.data)) {
		n = copy(p, w.data[i:])
	}
	end := off + int64(len(p))
	if n == len(p) {
		b.mu.Lock()
		if b.ahead.off == w.off {
			b.ahead.next = end
		}
		b.mu.Unlock()
		return n, nil
	}
	from, length := off+int64(n), int64(len(p)-n)
	grow := int64(0)
	if off == w.next {
		grow = min(max(2*w.grow, minAhead), maxAhead)
		length = min(max(length, grow), b.size-from)
	}
	data, err := b.gather(b.ctx, from, length)
	if err != nil {
		return n, err
	}
	copied := copy(p[n:], data)
	b.mu.Lock()
	b.ahead = window{off: from, data: data, next: end, grow: grow}
	if int64(len(data)) > maxAhead {
		b.ahead.data = nil // not worth its memory: whoever reads that much at once has it
	}
	b.mu.Unlock()
	return n + copied, nil
}
