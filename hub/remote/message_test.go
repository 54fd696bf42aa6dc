package remote

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMessages(t *testing.T) {
	t.Parallel()
	const key = "KEY234"
	for _, tt := range []struct{ message, summary, description, back string }{
		{"Add run 42", "Add run 42", "hubgate-change: KEY234", "Add run 42"},
		{"Add two\n\nand say why", "Add two", "and say why\n\nhubgate-change: KEY234", "Add two\n\nand say why"},
		{"Add two\nand\n\nsay why\n", "Add two", "and\n\nsay why\n\nhubgate-change: KEY234", "Add two\n\nand\n\nsay why"},
		{"\n\n Late title ", "Late title", "hubgate-change: KEY234", "Late title"},
		{"Not \xff text", "Not \uFFFD text", "hubgate-change: KEY234", "Not \uFFFD text"},
		{"Mac\rand\r\r\nWindows", "Mac", "and\n\nWindows\n\nhubgate-change: KEY234", "Mac\n\nand\n\nWindows"},
		{"Quote\n\nhubgate-change: OTHER", "Quote", "hubgate-change: OTHER\n\nhubgate-change: KEY234", "Quote\n\nhubgate-change: OTHER"},
	} {
		summary, description := summarize(tt.message, key)
		if summary != tt.summary || description != tt.description {
			t.Errorf("summarize %q: got %q and %q, want %q and %q", tt.message, summary, description, tt.summary, tt.description)
		}
		if back, k := readMessage(summary, description); back != tt.back || k != key {
			t.Errorf("read %q, %q: got %q and key %q, want %q", summary, description, back, k, tt.back)
		}
	}
}

// What others wrote is left as it is.
func TestForeignMessages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ summary, description, want, key string }{
		{"initial commit", "", "initial commit", ""},
		{"Title", "body\r\nof two lines\r\n", "Title\n\nbody\nof two lines", ""},
		{"Title", "hubgate-change: with words", "Title\n\nhubgate-change: with words", ""},
		{"Title", "hubgate-change: ", "Title\n\nhubgate-change:", ""},
		{"Title", "hubgate-change: A\nmore", "Title\n\nhubgate-change: A\nmore", ""},
		{"Title", "hubgate-change: A\r\n", "Title", "A"},
	} {
		if got, key := readMessage(tt.summary, tt.description); got != tt.want || key != tt.key {
			t.Errorf("read %q, %q: got %q and key %q, want %q and %q", tt.summary, tt.description, got, key, tt.want, tt.key)
		}
	}
}

func FuzzMessage(f *testing.F) {
	f.Add("Add two\n\nand say why")
	f.Add("a\r\n\n b\xff")
	f.Fuzz(func(t *testing.T, message string) {
		key := newKey()
		summary, description := summarize(message, key)
		if strings.Contains(summary, "\n") || !utf8.ValidString(summary+description) {
			t.Errorf("summarize %q: got %q and %q", message, summary, description)
		}
		once, k := readMessage(summary, description)
		if k != key {
			t.Fatalf("summarize %q: got the key %q back, want %q", message, k, key)
		}
		if twice, _ := readMessage(summarize(once, key)); twice != once {
			t.Errorf("%q came back as %q and then as %q", message, once, twice)
		}
	})
}
