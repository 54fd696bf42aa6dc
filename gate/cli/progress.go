package cli

import (
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// Progress is shown for work that takes longer than this, and then this often.
const (
	progressAfter = time.Second
	progressEvery = 200 * time.Millisecond
)

// A progress shows on a terminal how far some work is. It writes nothing anywhere else.
type progress struct {
	mu     sync.Mutex
	e      Env
	what   string
	next   time.Time
	active bool // something is on the line
}

// startProgress begins to watch some work. Where stderr is no terminal it does nothing.
func startProgress(e Env, what string) *progress {
	p := &progress{e: e, what: what}
	if isTerminal(e.Stderr) {
		p.next = e.Now().Add(progressAfter)
	}
	return p
}

// report takes counts of bytes.
func (p *progress) report(done, total int64) { p.show(done, total, total>>20, "MiB") }

// replays takes counts of replays.
func (p *progress) replays(done, total int64) { p.show(done, total, total, "replays") }

func (p *progress) show(done, total, shown int64, unit string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next.IsZero() || total <= 0 {
		return
	}
	t := p.e.Now()
	if t.Before(p.next) {
		return
	}
	p.next, p.active = t.Add(progressEvery), true
	_, _ = fmt.Fprintf(p.e.Stderr, "\r%s: %d %% of %d %s", p.what, 100*done/total, shown, unit) // only for those who watch
}

// done wipes the line.
func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.active {
		_, _ = fmt.Fprint(p.e.Stderr, "\r\x1b[K") // only for those who watch
	}
	p.next, p.active = time.Time{}, false
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
