package oidc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// object is a JSON object: its members, each as JSON.
type object map[string]json.RawMessage

// readObject reads a JSON object as no other reader could understand it in
// another way: UTF-8, no member twice at any depth, no lone surrogates, nothing
// after it. Names are compared exactly.
func readObject(data []byte) (object, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("it is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '<' {
			return nil, errors.New("it is no JSON object but begins as HTML or XML does")
		}
		return nil, errors.New("it is no JSON object")
	}
	if !json.Valid(data) {
		return nil, errors.New("it is not valid JSON")
	}
	return readMembers(d, data, 1)
}

// readMembers reads what follows a "{". It keeps the values of the outermost
// object alone.
func readMembers(d *json.Decoder, data []byte, depth int) (object, error) {
	members := object{}
	for d.More() {
		key, err := readToken(d)
		if err != nil {
			return nil, err
		}
		member, _ := key.(string) // the decoder takes nothing else here
		if _, twice := members[member]; twice {
			return nil, fmt.Errorf("the member %s occurs twice", name(member))
		}
		start := d.InputOffset()
		if err := skipValue(d, data, depth); err != nil {
			return nil, err
		}
		members[member] = nil
		if depth == 1 {
			members[member] = bytes.TrimLeft(data[start:d.InputOffset()], ": \t\r\n")
		}
	}
	_, err := readToken(d) // "}"
	return members, err
}

func skipValue(d *json.Decoder, data []byte, depth int) error {
	t, err := readToken(d)
	if err != nil {
		return err
	}
	if t != json.Delim('{') && t != json.Delim('[') {
		return nil
	}
	if depth++; depth > maxDepth {
		return fmt.Errorf("it is nested deeper than %d", maxDepth)
	}
	if t == json.Delim('{') {
		_, err := readMembers(d, data, depth)
		return err
	}
	for d.More() {
		if err := skipValue(d, data, depth); err != nil {
			return err
		}
	}
	_, err = readToken(d) // "]"
	return err
}

// readToken reads a token. The decoder puts U+FFFD in the place of a surrogate
// without its other half; whoever wants the character itself is refused, too.
func readToken(d *json.Decoder) (json.Token, error) {
	t, err := d.Token()
	if err != nil {
		return nil, errors.New("it is not valid JSON")
	}
	if text, ok := t.(string); ok && strings.ContainsRune(text, utf8.RuneError) {
		return nil, errors.New("a string is not Unicode")
	}
	return t, nil
}

// text is a member that is a string, "" if it is not there; ok tells that it is
// there and a string, or not there.
func (o object) text(member string) (text string, ok bool) {
	raw, there := o[member]
	if !there {
		return "", true
	}
	if len(raw) == 0 || raw[0] != '"' { // null is not a string
		return "", false
	}
	return text, json.Unmarshal(raw, &text) == nil
}

// texts is a member that is a list of strings, or with single one string.
func (o object) texts(member string, single bool) (list []string, ok bool) {
	raw, there := o[member]
	if !there {
		return nil, true
	}
	if single && raw[0] == '"' {
		one, ok := o.text(member)
		return []string{one}, ok
	}
	var items []json.RawMessage
	if raw[0] != '[' || json.Unmarshal(raw, &items) != nil {
		return nil, false
	}
	list = make([]string, len(items))
	for i, item := range items {
		if item[0] != '"' || json.Unmarshal(item, &list[i]) != nil {
			return nil, false
		}
	}
	return list, true
}
