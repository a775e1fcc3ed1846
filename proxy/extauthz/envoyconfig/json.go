package envoyconfig

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// jsonReader reads JSON with positions.
type jsonReader struct {
	report  *report
	source  []byte
	decoder *json.Decoder
	// at is the place of offset seen.
	seen int
	at   position
}

// readJSON reads one value. ok is false if the text is no JSON, which may be
// YAML, or if there is a finding already.
func readJSON(r *report, source []byte) (*node, bool) {
	j := &jsonReader{report: r, source: source, decoder: json.NewDecoder(bytes.NewReader(source)), at: position{1, 1}}
	j.decoder.UseNumber()
	n, ok := j.value(0)
	if !ok {
		return nil, false
	}
	if _, err := j.decoder.Token(); err != io.EOF {
		return nil, false
	}
	return n, true
}

// next is the next token and where it begins.
func (j *jsonReader) next() (json.Token, position, bool) {
	begin := int(j.decoder.InputOffset())
	token, err := j.decoder.Token()
	if err != nil {
		return nil, position{}, false
	}
	for begin < len(j.source) && strings.IndexByte(" \t\r\n,:", j.source[begin]) >= 0 {
		begin++
	}
	for ; j.seen < begin; j.seen++ {
		j.at.column++
		if j.source[j.seen] == '\n' {
			j.at = position{j.at.line + 1, 1}
		}
	}
	return token, j.at, true
}

func (j *jsonReader) value(depth int) (*node, bool) {
	token, at, ok := j.next()
	if !ok {
		return nil, false
	}
	return j.from(token, at, depth)
}

func (j *jsonReader) from(token json.Token, at position, depth int) (*node, bool) {
	n := &node{at: at, kind: scalar}
	if depth > maxDepth {
		j.report.add(at, Error, "TOO_DEEP", fmt.Sprintf("the values are nested more than %d deep", maxDepth), "keep to what Envoy documents")
		return nil, false
	}
	switch token := token.(type) {
	case nil:
		n.kind = null
	case bool:
		n.text = fmt.Sprint(token)
	case json.Number:
		n.text = token.String()
	case string:
		n.text, n.quoted = token, true
	case json.Delim:
		if token == '[' {
			return j.list(n, depth)
		}
		return j.object(n, depth)
	}
	return n, true
}

func (j *jsonReader) list(n *node, depth int) (*node, bool) {
	n.kind = list
	for {
		token, at, ok := j.next()
		if !ok {
			return nil, false
		}
		if token == json.Delim(']') {
			return n, true
		}
		item, ok := j.from(token, at, depth+1)
		if !ok {
			return nil, false
		}
		n.items = append(n.items, item)
	}
}

func (j *jsonReader) object(n *node, depth int) (*node, bool) {
	n.kind = object
	for {
		token, at, ok := j.next()
		if !ok {
			return nil, false
		}
		key, isKey := token.(string)
		if !isKey {
			return n, token == json.Delim('}')
		}
		value, ok := j.value(depth + 1)
		if !ok {
			return nil, false
		}
		n.fields = append(n.fields, field{key, at, value})
	}
}
