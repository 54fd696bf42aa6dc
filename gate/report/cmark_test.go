package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os/exec"
	"testing"
)

// aliveForCmark is what cmark-gfm finds, from which GitHub's own parser is made, by the syntax tree that it prints.
func aliveForCmark(t *testing.T, program string, md []byte) []string {
	t.Helper()
	c := exec.Command(program, "--to", "xml", "--unsafe",
		"-e", "footnotes", "-e", "table", "-e", "strikethrough", "-e", "autolink", "-e", "tasklist")
	c.Stdin = bytes.NewReader(md)
	var problem bytes.Buffer
	c.Stderr = &problem
	tree, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", program, err, problem.Bytes())
	}
	d := xml.NewDecoder(bytes.NewReader(tree))
	var out []string
	columns, cells := 0, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return append(out, aliveLines(md)...)
		}
		if err != nil {
			t.Fatalf("%s: %v in %q", program, err, tree)
		}
		switch n := token.(type) {
		case xml.EndElement:
			if n.Name.Local == "table_row" || n.Name.Local == "table_header" {
				if columns == 0 {
					columns = cells
				}
				out = append(out, aliveRow(cells, columns)...)
			}
		case xml.StartElement:
			switch name := n.Name.Local; name {
			case "text":
				out = append(out, aliveText(literal(t, d))...)
			case "html_inline", "html_block":
				out = append(out, aliveHTML(literal(t, d))...)
			case "link":
				out = append(out, aliveLink(attribute(n, "destination"))...)
			case "table":
				columns = 0
			case "table_row", "table_header":
				cells = 0
			case "table_cell":
				cells++
			case "document", "paragraph", "block_quote", "list", "item", "strong", "code", "linebreak", "softbreak":
			default:
				out = append(out, "a "+name)
			}
		}
	}
}

func literal(t *testing.T, d *xml.Decoder) string {
	t.Helper()
	token, err := d.Token()
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := token.(xml.CharData); ok {
		return string(s)
	}
	return "" // an empty one
}

func attribute(n xml.StartElement, name string) string {
	for _, a := range n.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
