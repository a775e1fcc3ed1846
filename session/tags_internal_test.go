package session

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
)

// These tests try tags one by one; what comes of them in sessions is tested from
// outside.

func TestCheckTags(t *testing.T) {
	t.Parallel()
	many := func(n int) (tags []action.Tag) {
		for i := range n {
			tags = append(tags, action.Tag{Key: fmt.Sprint("k", i), Value: "v"})
		}
		return tags
	}
	one := func(key, value string) []action.Tag { return []action.Tag{{Key: key, Value: value}} }
	for name, tt := range map[string]struct {
		tags       []action.Tag
		transitive []string
		ok         bool
	}{
		"none":                        {nil, nil, true},
		"fifty":                       {many(50), nil, true},
		"fifty-one":                   {many(51), nil, false},
		"empty key":                   {one("", "v"), nil, false},
		"long key":                    {one(strings.Repeat("ö", 128), "v"), nil, true},
		"too long a key":              {one(strings.Repeat("ö", 129), "v"), nil, false},
		"empty value":                 {one("k", ""), nil, true},
		"long value":                  {one("k", strings.Repeat("ö", 256)), nil, true},
		"too long a value":            {one("k", strings.Repeat("ö", 257)), nil, false},
		"characters":                  {one("a b_.:/=+-@1", "a b_.:/=+-@1"), nil, true},
		"other characters":            {one("k", "a*"), nil, false},
		"line end":                    {one("k", "a\n"), nil, false},
		"no UTF-8":                    {one("k", "\xff"), nil, false},
		"reserved":                    {one("aws:team", "v"), nil, false},
		"reserved in another case":    {one("AWS:team", "v"), nil, false},
		"twice":                       {[]action.Tag{{Key: "team", Value: "a"}, {Key: "Team", Value: "b"}}, nil, false},
		"transitive":                  {one("team", "a"), []string{"team"}, true},
		"transitive in another case":  {one("team", "a"), []string{"TEAM"}, true},
		"transitive and not passed":   {one("team", "a"), []string{"cost"}, false},
		"transitive twice":            {one("team", "a"), []string{"team", "Team"}, false},
		"more transitive than passed": {many(2), make([]string, 51), false},
	} {
		if r := checkTags(tt.tags, tt.transitive); (r == nil) != tt.ok {
			t.Errorf("%s: %v", name, r)
		}
	}
}

func TestInherit(t *testing.T) {
	t.Parallel()
	inherited := map[string]string{"team": "blue", "Cost": "7"}
	tags, transitive, r := inherit(inherited, []action.Tag{{Key: "New", Value: "n"}, {Key: "other", Value: "o"}}, []string{"new"})
	if r != nil {
		t.Fatal(r)
	}
	want := []action.Tag{{Key: "Cost", Value: "7"}, {Key: "team", Value: "blue"}, {Key: "New", Value: "n"}, {Key: "other", Value: "o"}}
	if diff := cmp.Diff(want, tags); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Cost", "team", "New"}, transitive); diff != "" {
		t.Error(diff)
	}
	if _, _, r := inherit(inherited, []action.Tag{{Key: "TEAM", Value: "blue"}}, nil); r == nil {
		t.Error("a transitive tag can be passed again")
	}
}

// TestFillTags is case X39: a session's tag takes the place of the role's, in
// whatever case.
func TestFillTags(t *testing.T) {
	t.Parallel()
	var k authz.Context
	fillTags(&k, map[string]string{"team": "a", "Region": "eu"}, []action.Tag{{Key: "Team", Value: "b"}})
	got := map[string]string{}
	for name, v := range k.All() {
		text, ok := v.Single()
		if !ok {
			t.Errorf("%s cannot be used", name)
		}
		got[name] = text
	}
	if diff := cmp.Diff(map[string]string{"aws:principaltag/team": "b", "aws:principaltag/region": "eu"}, got); diff != "" {
		t.Error(diff)
	}
}
