package reference

import (
	"fmt"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// values finds the values of a condition key: nil if it is absent, or unread.
func (q question) values(key string) (values []string, list, usable bool) {
	key = strings.ToLower(key)
	if q.unread(key) != "" {
		return nil, false, true
	}
	for _, keys := range []*authz.Context{&q.access.Keys, &q.request.Keys, &q.caller.Keys} {
		v, ok := keys.Lookup(key)
		if !ok {
			continue
		}
		if many, ok := v.List(); ok {
			if len(many) == 0 {
				return nil, false, true
			}
			return many, true, true
		}
		text, usable := v.Single()
		return []string{text}, false, usable
	}
	if q.request.Now.IsZero() {
		return nil, false, true
	}
	now := q.request.Now.UTC().Truncate(time.Second)
	switch key {
	case "aws:currenttime":
		return []string{now.Format("2006-01-02T15:04:05Z")}, false, true
	case "aws:epochtime":
		return []string{fmt.Sprint(now.Unix())}, false, true
	}
	return nil, false, true
}

// unread is the family by which a condition key is unread; empty if its value is
// known, or known to be absent.
func (q question) unread(key string) string {
	key = strings.ToLower(key)
	for _, keys := range []*authz.Context{&q.access.Keys, &q.request.Keys, &q.caller.Keys} {
		if _, ok := keys.Lookup(key); ok {
			return ""
		}
		if family := keys.Unread(key); family != "" {
			return family
		}
	}
	return ""
}

// multivalued tells whether AWS declares a key as a list.
func multivalued(key string) bool {
	return policy.KeyCardinality(strings.ToLower(key)) == policy.Multivalued
}

// found is what a policy variable comes to.
type found uint8

const (
	noValue found = iota
	hasValue
	notUsable
)

// variable is the value of a policy variable.
func (q question) variable(name string) (string, found) {
	values, list, usable := q.values(name)
	switch {
	case values == nil:
		return "", noValue
	case list || multivalued(name) || !usable:
		return "", notUsable
	}
	return values[0], hasValue
}
