package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// inquiry is a line of input as it was read: what is asked, not yet judged.
type inquiry struct {
	// id is the JSON text of the id; "null" if there is none.
	id                   string
	principal            claimedPrincipal
	action               string
	resource, account    string
	keys                 authz.Context
	documents            []givenDocument
	scpLevels, rcpLevels int
	// longestValue is the length of the longest value of the context.
	longestValue            int
	hasPrincipal, hasTarget bool
}

// claimedPrincipal is the member "principal".
type claimedPrincipal struct {
	kind, arn, account, role, issuer, provider string
}

// givenDocument is a policy document of a line.
type givenDocument struct {
	layer authz.Layer
	// level is that of the organization, from 0, for LayerSCP and LayerRCP.
	level int
	// label is the document's place in "policies", e.g. "identity[0]".
	label, text string
}

// The members of a line and of the objects in it.
var (
	inquiryMembers   = []string{"id", "principal", "action", "resource", "context", "policies"}
	principalMembers = []string{"type", "arn", "account", "role_arn", "issuer_arn", "provider_arn"}
	resourceMembers  = []string{"arn", "account"}
	policiesMembers  = []string{"identity", "resource", "boundary", "session", "scp", "rcp", "vpce"}
)

// maxKeys bounds the condition keys of a line, which are looked up one by one.
const maxKeys = 1000

// readInquiry reads one line. What is wrong with it is in problems; the id is
// there as soon as it was read.
func readInquiry(text string) (*inquiry, problems) {
	q := &inquiry{id: "null"}
	t := &jsonText{text: text}
	if !utf8.ValidString(text) {
		return q, problems{"the line is not UTF-8"}
	}
	if err := q.read(t); err != nil {
		t.problem("", err.Error())
	}
	return q, t.problems
}

func (q *inquiry) read(t *jsonText) error {
	if t.next() != '{' {
		return t.fail("an object is expected")
	}
	err := t.record("", inquiryMembers, func(name string) (err error) {
		switch name {
		case "id":
			return q.readID(t)
		case "principal":
			q.hasPrincipal = true
			return q.readPrincipal(t)
		case "action":
			q.action, err = t.str("action")
		case "resource":
			q.hasTarget = true
			return t.record("resource", resourceMembers, func(name string) (err error) {
				into := &q.resource
				if name == "account" {
					into = &q.account
				}
				*into, err = t.str("resource." + name)
				return err
			})
		case "context":
			return q.readContext(t)
		case "policies":
			return q.readPolicies(t)
		}
		return err
	})
	if err == nil && t.next() != 0 {
		err = t.fail("text after the end of the object")
	}
	return err
}

// readID keeps the id as it is written.
func (q *inquiry) readID(t *jsonText) error {
	switch c := t.next(); {
	case c == '"', c == '-', '0' <= c && c <= '9':
		id, err := t.skip()
		if err == nil {
			q.id = id
		}
		return err
	default:
		return t.mistyped("id", "a string or a number")
	}
}

func (q *inquiry) readPrincipal(t *jsonText) error {
	p := &q.principal
	fields := [...]*string{&p.kind, &p.arn, &p.account, &p.role, &p.issuer, &p.provider}
	return t.record("principal", principalMembers, func(name string) (err error) {
		for i := range principalMembers {
			if principalMembers[i] == name {
				*fields[i], err = t.str("principal." + name)
			}
		}
		return err
	})
}

// readContext reads the condition keys. Two tags whose keys differ in case alone
// are what a request can have, and other keys are not.
func (q *inquiry) readContext(t *jsonText) error {
	names := map[string]bool{}
	return t.members("context", func(name string) error {
		path := "context." + strconv.Quote(name)
		if names[name] || len(names) == maxKeys {
			if names[name] {
				t.problem(path, "stands twice")
			} else {
				t.problem("context", fmt.Sprintf("more than %d condition keys", maxKeys))
			}
			_, err := t.skip()
			return err
		}
		names[name] = true
		if prefix, rest, ok := strings.Cut(name, ":"); !ok || prefix == "" || rest == "" || strings.TrimSpace(name) != name {
			t.problem(path, `no condition key; write prefix:name, e.g. "aws:SourceIp"`)
		}
		lower := strings.ToLower(name)
		if _, found := q.keys.Lookup(lower); found {
			if namespace, tag, ok := strings.Cut(lower, "/"); ok && policy.KeyCardinality(lower) == policy.Single {
				q.keys.SetTag(namespace, tag, "")
			} else {
				t.problem(path, "stands twice: the case of a condition key does not count")
			}
			return t.contextValue(path, func(string, []string) {})
		}
		return t.contextValue(path, func(single string, list []string) {
			q.longestValue = max(q.longestValue, len(single))
			for _, value := range list {
				q.longestValue = max(q.longestValue, len(value))
			}
			if list == nil {
				q.keys.Set(lower, single)
			} else {
				q.keys.SetList(lower, list)
			}
		})
	})
}

// contextValue reads the value of a condition key: a string, or a list of them,
// which is not nil.
func (t *jsonText) contextValue(path string, set func(single string, list []string)) error {
	const want = `a string or a list of strings, e.g. "true" or "42"`
	switch t.next() {
	case '"':
		single, err := t.quoted()
		set(single, nil)
		return err
	case '[':
		list := []string{}
		err := t.list(path, want, func(i int) error {
			s, err := t.str(indexed(path, i))
			list = append(list, s)
			return err
		})
		set("", list)
		return err
	default:
		return t.mistyped(path, want)
	}
}

func (q *inquiry) readPolicies(t *jsonText) error {
	return t.record("policies", policiesMembers, func(name string) error {
		switch name {
		case "identity":
			return q.readDocuments(t, authz.LayerIdentity, 0, name)
		case "boundary":
			return q.readDocuments(t, authz.LayerBoundary, 0, name)
		case "session":
			return q.readDocuments(t, authz.LayerSession, 0, name)
		case "vpce":
			return q.readDocuments(t, authz.LayerEndpoint, 0, name)
		case "scp":
			return q.readLevels(t, authz.LayerSCP, name, &q.scpLevels)
		case "rcp":
			return q.readLevels(t, authz.LayerRCP, name, &q.rcpLevels)
		default:
			return q.readDocument(t, authz.LayerResource, 0, name)
		}
	})
}

func (q *inquiry) readLevels(t *jsonText, layer authz.Layer, label string, levels *int) error {
	return t.list("policies."+label, "a list with a list of documents for each level, the root's first", func(i int) error {
		*levels = i + 1
		return q.readDocuments(t, layer, i, indexed(label, i))
	})
}

func (q *inquiry) readDocuments(t *jsonText, layer authz.Layer, level int, label string) error {
	return t.list("policies."+label, "a list of documents", func(i int) error {
		return q.readDocument(t, layer, level, indexed(label, i))
	})
}

func (q *inquiry) readDocument(t *jsonText, layer authz.Layer, level int, label string) error {
	if t.next() != '{' {
		return t.mistyped("policies."+label, "a policy document, which is an object")
	}
	text, err := t.skip()
	if err == nil {
		q.documents = append(q.documents, givenDocument{layer, level, label, text})
	}
	return err
}

func indexed(label string, i int) string { return label + "[" + strconv.Itoa(i) + "]" }

// printable is a text from the input, fit for a terminal.
func printable(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// printableID is an id without the quotes of JSON.
func printableID(id string) string {
	var s string
	if json.Unmarshal([]byte(id), &s) == nil && id != "null" {
		return printable(s)
	}
	if id == "null" {
		return "-"
	}
	return id
}
