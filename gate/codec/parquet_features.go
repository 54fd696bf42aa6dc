package codec

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// featuresJSON describes a schema as the datasets library does, in the order of its columns. What a writer before us
// said of a column is kept, such as the names of its classes.
// https://huggingface.co/docs/datasets/about_dataset_features
func featuresJSON(root *pqNode, known map[string]json.RawMessage) (string, error) {
	var b bytes.Buffer
	b.WriteString(`{"info":{"features":`)
	if err := writeStruct(&b, root.children, known); err != nil {
		return "", err
	}
	b.WriteString(`}}`)
	return b.String(), nil
}

func writeStruct(b *bytes.Buffer, nodes []*pqNode, known map[string]json.RawMessage) error {
	b.WriteByte('{')
	for i, n := range nodes {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(n.name)
		if err != nil {
			return err
		}
		b.Write(name)
		b.WriteByte(':')
		if raw, ok := known[n.name]; ok {
			b.Write(raw)
			continue
		}
		if err := writeFeature(b, n); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func writeFeature(b *bytes.Buffer, n *pqNode) error {
	open := ""
	switch {
	case n.logical == logList && n.repetition != pqRepeated && len(n.children) == 1 && n.children[0].repetition == pqRepeated:
		n, open = n.children[0], `{"feature":`
		// Three levels, as the standard has it; else the repeated node is the element itself.
		if !n.leaf() && len(n.children) == 1 && n.name != "array" {
			n = n.children[0]
		}
	case n.logical == logMap:
		// A list of pairs is what Arrow makes of it, too.
		if len(n.children) == 1 && n.children[0].repetition == pqRepeated {
			n, open = n.children[0], `{"feature":`
		}
	case n.repetition == pqRepeated:
		open = `{"feature":`
	}
	b.WriteString(open)
	if n.leaf() {
		fmt.Fprintf(b, `{"dtype":%q,"_type":"Value"}`, n.dtype())
	} else if open != "" && n.logical == logList {
		if err := writeFeature(b, n); err != nil {
			return err
		}
	} else if err := writeStruct(b, n.children, nil); err != nil {
		return err
	}
	if open != "" {
		b.WriteString(`,"_type":"List"}`)
	}
	return nil
}

// dtype names a leaf's type as Arrow reads it.
func (n *pqNode) dtype() string {
	switch n.logical {
	case logString, logEnum, logJSON:
		return "string"
	case logNull:
		return "null"
	case logDecimal:
		return fmt.Sprintf("decimal128(%d, %d)", n.precision, n.scale)
	case logDate:
		return "date32"
	case logFloat16:
		return "float16"
	case logInteger:
		if n.unsigned {
			return fmt.Sprintf("uint%d", n.bits)
		}
		return fmt.Sprintf("int%d", n.bits)
	case logTime:
		if n.physical == physInt32 {
			return "time32[" + n.unit + "]"
		}
		return "time64[" + n.unit + "]"
	case logTimestamp:
		if n.utc {
			return "timestamp[" + n.unit + ", tz=UTC]"
		}
		return "timestamp[" + n.unit + "]"
	}
	return [...]string{"bool", "int32", "int64", "timestamp[ns]", "float32", "float64", "binary", "binary"}[n.physical]
}
