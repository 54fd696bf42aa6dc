package report

// For tests from outside.
var (
	Clean    = clean
	CodeSpan = codeSpan
	Width    = width
	Elide    = elide
	Bar      = bar
)
