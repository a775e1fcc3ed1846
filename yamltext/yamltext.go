// Package yamltext parses YAML that anybody may have written: it is the library's
// parser, in front of which stands what it does not bound itself.
package yamltext

import (
	"bytes"
	"errors"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// TooMuch is the error for a text that the parser is not given: at its place the
// values are nested more than 48 deep, or there are more than 256 tags, complex
// keys, empty list elements and documents, or more than 10,000 lines of one
// indentation that are no list elements. Strings and comments count too.
type TooMuch struct{ Line, Column int }

func (TooMuch) Error() string {
	return "the values are nested too deeply, or there is too much of one kind: documents, tags, empty elements, keys of one mapping"
}

// Parse parses all documents of a text; the same key may stand twice in a mapping.
// The caller bounds the size of the text: what is within the bounds takes time in
// proportion to it. The error is TooMuch, one of goccy/go-yaml's with a place, or
// says that the parser gave up.
func Parse(source []byte) (file *ast.File, err error) {
	if at, yes := overwhelms(source); yes {
		return nil, at
	}
	// It has had panics on texts that are far from YAML.
	defer func() {
		if recover() != nil {
			file, err = nil, errors.New("the parser gave up")
		}
	}()
	return parser.ParseBytes(source, 0, parser.AllowDuplicateMapKey())
}

const (
	deepest = 48
	most    = 256
	longest = 10_000
)

// level is the indentation of lines, and how many there have been since a line
// had less.
type level struct{ column, lines int }

// overwhelms tells of text that the parser must not be given: nesting, which it
// does not bound, and many tags, empty list elements, documents, complex keys or
// keys of one mapping, all of which take it time that grows with their square.
func overwhelms(source []byte) (TooMuch, bool) {
	at, brackets, marks, odd := TooMuch{1, 1}, 0, 0, 0
	indented, last, solid := true, byte('\n'), byte(0) // solid is the last that is no blank
	var levels []level
	for i, c := range source {
		blank := i+1 == len(source) || strings.IndexByte(" \n\r\t", source[i+1]) >= 0
		mark := indented && (c == '-' || c == '?') && blank
		ends := c == '\n' || c == '\r' && i+1 < len(source) && source[i+1] != '\n'
		switch {
		case ends:
			if indented && marks > 0 {
				odd++
			}
			marks, indented = 0, true
		case c == '[' || c == '{':
			brackets++
		case c == ']' || c == '}':
			brackets = max(0, brackets-1)
		case c == ',' && (solid == ',' || solid == '[' || solid == '{'):
			odd++
		case c == '!' && (last == ' ' || last == '\n' || last == '!'):
			odd++
		case mark:
			marks++
			if c == '?' {
				odd++
			}
		case c == '-' && at.Column == 1 && bytes.HasPrefix(source[i:], []byte("---")):
			odd++
		}
		if indented && !ends && c != ' ' && c != '\r' {
			for len(levels) > 0 && levels[len(levels)-1].column > at.Column {
				levels = levels[:len(levels)-1]
			}
			if len(levels) == 0 || levels[len(levels)-1].column < at.Column {
				levels = append(levels, level{column: at.Column})
			}
			if !mark {
				levels[len(levels)-1].lines++
			}
			if levels[len(levels)-1].lines > longest {
				return at, true
			}
		}
		indented = indented && (ends || c == ' ' || c == '\r' || c == '\t' || mark)
		if brackets > deepest || len(levels) > deepest || marks > deepest || odd > most {
			return at, true
		}
		if at.Column++; ends {
			at = TooMuch{at.Line + 1, 1}
		}
		last = c
		if !ends && c != ' ' && c != '\t' && c != '\r' {
			solid = c
		}
	}
	return TooMuch{}, false
}
