package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// simulateTemplate is what lines for simulate have besides the access: who asks,
// which policies there are, and the condition keys that no request holds.
type simulateTemplate struct {
	Principal json.RawMessage            `json:"principal,omitempty"`
	Context   map[string]json.RawMessage `json:"context,omitempty"`
	Policies  json.RawMessage            `json:"policies,omitempty"`
}

// simulateAsked is a line for simulate.
type simulateAsked struct {
	ID        string          `json:"id"`
	Principal json.RawMessage `json:"principal,omitempty"`
	Action    string          `json:"action"`
	Resource  struct {
		ARN     string `json:"arn"`
		Account string `json:"account"`
	} `json:"resource"`
	Context  map[string]any  `json:"context"`
	Policies json.RawMessage `json:"policies,omitempty"`
}

// readSimulateTemplate reads the file of a template. What its members hold is
// for simulate to judge.
func readSimulateTemplate(file string) (simulateTemplate, error) {
	var t simulateTemplate
	text, err := os.ReadFile(file)
	if err != nil {
		return t, unreadable(file, err, "name a file that holds a JSON object with principal, policies and context")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err = decoder.Decode(&t); err == nil {
		if _, err = decoder.Token(); errors.Is(err, io.EOF) {
			return t, nil
		}
		err = errors.New("there is something behind the object")
	}
	return t, withHint(fmt.Errorf("%s: %w", file, err), "write one JSON object with the members principal, policies and context, as docs/simulate.md has them")
}

// printLines writes a line for each access. A request that cannot be mapped has
// none, and is told on standard error.
func (r *mappedRequests) printLines(console *Console, t simulateTemplate) error {
	encoder := json.NewEncoder(console.Out)
	encoder.SetEscapeHTML(false)
	for i := range r.Requests {
		m := &r.Requests[i]
		if m.Refusal != nil {
			_, _ = fmt.Fprintf(console.Err, "%s: refused: %d %s: %s\n", printable(m.Request), m.Refusal.Status, m.Refusal.Code, printable(m.Refusal.Message))
		}
		for j := range m.Accesses {
			a := &m.Accesses[j]
			line := simulateAsked{ID: fmt.Sprintf("%s.%d", m.Request, j+1), Principal: t.Principal, Action: a.Action, Policies: t.Policies}
			line.Resource.ARN, line.Resource.Account = a.Resource, a.Owner
			var err error
			if line.Context, err = t.context(a.Keys); err != nil {
				return err
			}
			if err := encoder.Encode(&line); err != nil {
				return err
			}
		}
	}
	return nil
}

// context is that of an access and of the template together.
func (t *simulateTemplate) context(keys map[string]any) (map[string]any, error) {
	context := make(map[string]any, len(keys)+len(t.Context))
	for name, value := range keys {
		if value != nil {
			context[name] = value
			continue
		}
		// simulate knows two tags by their names.
		namespace, tag, _ := strings.Cut(name, "/")
		context[name], context[strings.ToUpper(namespace)+"/"+tag] = "", ""
	}
	for _, name := range slices.Sorted(maps.Keys(t.Context)) {
		if _, taken := keys[strings.ToLower(name)]; taken {
			return nil, withHint(fmt.Errorf("the context of the template has %s, which a request fills", name), "remove it from the template")
		}
		context[name] = t.Context[name]
	}
	return context, nil
}
