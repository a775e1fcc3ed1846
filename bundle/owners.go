package bundle

import (
	"slices"
)

// owners answers who owns a bucket: one table for each route that a rule names,
// and one for the rules that name none, under "".
type owners map[string]*ownerTable

// ownerTable holds the rules of one route. Prefixes are looked up by length, the
// longest first, so that the cost follows the lengths and not the rules.
type ownerTable struct {
	exact    map[string]string
	prefixes map[string]string
	lengths  []int
}

func (o owners) add(route, pattern, account string) {
	t := o[route]
	if t == nil {
		t = &ownerTable{exact: map[string]string{}, prefixes: map[string]string{}}
		o[route] = t
	}
	n := len(pattern) - 1
	if n < 0 || pattern[n] != '*' {
		t.exact[pattern] = account
		return
	}
	t.prefixes[pattern[:n]] = account
	if !slices.Contains(t.lengths, n) {
		t.lengths = append(t.lengths, n)
		slices.SortFunc(t.lengths, func(a, b int) int { return b - a })
	}
}

func (o owners) of(route, bucket string) (account string, ok bool) {
	if route != "" {
		if account, ok = o[route].of(bucket); ok {
			return account, true
		}
	}
	return o[""].of(bucket)
}

func (t *ownerTable) of(bucket string) (account string, ok bool) {
	if t == nil {
		return "", false
	}
	if account, ok = t.exact[bucket]; ok {
		return account, true
	}
	for _, n := range t.lengths {
		if n <= len(bucket) {
			if account, ok = t.prefixes[bucket[:n]]; ok {
				return account, true
			}
		}
	}
	return "", false
}
