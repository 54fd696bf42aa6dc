package codec

// look finds the paths that are needed inside a value.
func (a *assembler) look(int, cell) {}

// checkColumns reports a column that an option names and the file does not have.
func (a *assembler) checkColumns(bool) *Error { return nil }
